"""An event has a known type, its fields fit, and its own workflow sends it."""

from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.shop.events import check_event
from contracts import (
    LateOutcome,
    PaymentOutcome,
    ShopEvent,
    callback_id,
    callbacks_id,
    late_payment_id,
    workflow_id,
)
from tests.activities.asking import called_by
from tests.builders import an_event

NAME = "coffee-1_1"
PAYMENT = called_by(workflow_id("coffee-1"), "CashierPayment")
LATE = called_by(late_payment_id(NAME))
QUEUE = called_by(callbacks_id("coffee-1"), "Callback")


def of(subject: str, outcome: str, *, event_id: str | None = None) -> ShopEvent:
    """Return an event as workflows make it, unless its id is named."""
    late, happened = ("late-" if subject == "late_payment" else ""), outcome.lower()
    made = an_event(
        id=event_id or f"{NAME}-{late}{happened}",
        type=f"{subject}.{happened}",
        outcome=outcome,
    )
    return ShopEvent.model_validate(made)


def refusal(event: ShopEvent, caller: Any = PAYMENT) -> ApplicationError:
    with pytest.raises(ApplicationError) as refused:
        check_event(event, caller)
    assert refused.value.type == "EVENT_MISFIT"
    return refused.value


@pytest.mark.parametrize("outcome", [*PaymentOutcome, "REVIEW"])
def test_a_payment_may_send_its_own_events(outcome: str) -> None:
    event = of("payment", outcome)
    earlier = called_by(callback_id(event.id), "Callback")
    for caller in (PAYMENT, QUEUE, earlier):
        check_event(event, caller)


@pytest.mark.parametrize("outcome", [*LateOutcome, "REVIEW"])
def test_late_money_may_send_its_own_events(outcome: str) -> None:
    event = of("late_payment", outcome)
    earlier = called_by(callback_id(event.id), "Callback")
    for caller in (LATE, QUEUE, earlier):
        check_event(event, caller)


def test_a_further_review_has_a_number() -> None:
    check_event(of("payment", "REVIEW", event_id=f"{NAME}-review-2"), PAYMENT)
    check_event(of("late_payment", "REVIEW", event_id=f"{NAME}-late-review-12"), LATE)
    refusal(of("payment", "PAID", event_id=f"{NAME}-paid-2"))


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "payment.expired"},  # with the outcome PAID
        {"type": "payment.PAID"},
        {"type": "payment.honoured", "outcome": "HONOURED"},
        {"type": "payment.refunded", "outcome": "REFUNDED"},
        {"type": "order.paid"},
        {"type": "paid"},
        {"type": ""},
        {"outcome": "paid"},
        {"outcome": "EXPIRED"},
        {"id": "coffee-1_2-paid"},
        {"id": f"{NAME}-expired"},
        {"id": f"{NAME}-late-paid"},
        {"id": ""},
        {"order_id": "coffee-2"},
        {"payment_request_id": "coffee-2_1"},
        {"payment_request_id": "coffee-1"},
        {"payment_request_id": "coffee-1_0", "id": "coffee-1_0-paid"},
        {"payment_request_id": "coffee-1_x", "id": "coffee-1_x-paid"},
    ],
    ids=str,
)
def test_an_event_whose_fields_do_not_fit_is_never_sent(
    changes: dict[str, str],
) -> None:
    event = ShopEvent.model_validate({**an_event(), **changes})
    for caller in (PAYMENT, QUEUE, LATE):
        refusal(event, caller)


@pytest.mark.parametrize(
    "caller",
    [
        called_by(workflow_id("coffee-2"), "CashierPayment"),
        called_by(workflow_id("coffee-1"), "Other"),
        called_by(callbacks_id("coffee-2"), "Callback"),
        called_by(callback_id(f"{NAME}-expired"), "Callback"),
        called_by("any", "Callback"),
        LATE,
        called_by(None),
    ],
    ids=lambda caller: f"{caller.workflow_type} {caller.workflow_id}",
)
def test_no_other_workflow_may_send_an_event(caller: Any) -> None:
    refusal(of("payment", "PAID"), caller)


def test_late_money_may_not_send_events_of_another_attempt() -> None:
    event = of("late_payment", "HONOURED")
    for caller in (called_by(late_payment_id("coffee-1_2")), PAYMENT):
        refusal(event, caller)


def test_the_queue_asks_again_with_pauses_and_does_not_spin() -> None:
    event = of("payment", "PAID").model_copy(update={"outcome": "EXPIRED"})
    assert not refusal(event, QUEUE).non_retryable
    assert refusal(event, PAYMENT).non_retryable
