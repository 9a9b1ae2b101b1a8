"""The pages of late money and callbacks: the possible updates, with JSON to copy."""

import json

from contracts import (
    RELEASE,
    CallbackInput,
    CallbackSettlement,
    LateOutcome,
    LatePaymentView,
    LateResolution,
    Proposed,
    ShopEvent,
)
from tests.builders import PRICE, a_late_payment, an_event, an_order
from tests.workflows.operator_view.test_payment_page import example_in
from workflows.operator_view.callback import callback_details_of
from workflows.operator_view.late_money import late_details_of


def a_late_view(**changes: object) -> LatePaymentView:
    view = LatePaymentView(
        payment_request_id="coffee-1_1",
        amount=PRICE,
        status="a person must decide",
        review="paid was PHP 1.00, not PHP 1,314.00",
    )
    return view.model_copy(update=changes)


def page_of(view: LatePaymentView) -> str:
    late = a_late_payment(an_order())
    return late_details_of(late, view, lacks_a_verdict=False, is_overdue=False)


def test_late_money_names_its_outcomes_and_the_shape_of_its_resolution() -> None:
    page = page_of(a_late_view())
    for outcome in LateOutcome:
        assert f"`{outcome}`" in page
    said = LateResolution.model_validate(example_in(page))
    assert said == LateResolution(outcome="REFUNDED")
    assert page.index("**Needs attention:**") < page.index("**You may:**")
    assert page.index("**You may:**") < page.index("was reported paid")


def test_late_money_offers_to_confirm_what_is_proposed() -> None:
    proposed = Proposed(outcome="HONOURED", by="anna", reason="late", about="x")
    page = page_of(a_late_view(proposed=proposed))
    assert example_in(page)["outcome"] == "HONOURED"
    assert '`"replaces": "HONOURED"`' in page


def test_a_callback_offers_to_settle_the_event_that_is_being_sent() -> None:
    event = ShopEvent.model_validate(an_event())
    page = callback_details_of(CallbackInput(event=event, release=RELEASE), [])
    said = CallbackSettlement.model_validate(example_in(page))
    assert said == CallbackSettlement(event_id=event.id)
    assert json.dumps(event.id) in page
