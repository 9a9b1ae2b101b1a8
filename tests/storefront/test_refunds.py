"""What is known of refunds, as pure functions: in any order, the same."""

from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given, strategies as st

from storefront.ordering.refunds import (
    ASKED,
    OrderRefund,
    Refunded,
    left_of,
    refunded_of,
)
from storefront.payment_api.answers import Money, RefundInBrief, RefundsInBrief

T0 = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
# Each follows on those before it.
IN_ORDER = (ASKED, "WAITING", "REFUSED", "SUCCEEDED", "RETURNED")

TOLD = st.lists(
    st.builds(
        lambda status, minute: a_refund("r1", status, minute=minute),
        st.sampled_from(IN_ORDER),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=6,
)


def a_refund(
    refund_id: str, status: str, *, value: int = 5000, minute: int = 0
) -> OrderRefund:
    return OrderRefund(
        refund_id=refund_id,
        value=value,
        status=status,
        status_at=T0 + timedelta(minutes=minute),
    )


def in_brief(given_back: int, *refunds: tuple[str, int, str]) -> RefundsInBrief:
    return RefundsInBrief(
        given_back=Money(currency="PHP", value=given_back),
        refunds=tuple(
            RefundInBrief(
                refund_id=name,
                amount=Money(currency="PHP", value=value),
                status=status,
            )
            for name, value, status in refunds
        ),
    )


@given(told=TOLD, data=st.data())
def test_in_any_order_of_messages_the_furthest_status_counts(
    told: list[OrderRefund], data: st.DataObject
) -> None:
    arrival = data.draw(st.permutations(told))
    known = reduce(lambda before, after: after.after(before), arrival)
    furthest = max((one.status for one in told), key=IN_ORDER.index)
    assert known.status == furthest


def test_the_requester_and_the_reason_stay() -> None:
    asked = a_refund("r1", ASKED).model_copy(
        update={"asked_by": "ana", "reason": "cold", "note": "sorry"}
    )
    told = a_refund("r1", "SUCCEEDED", minute=1)
    for known in (told.after(asked), asked.after(told)):
        assert (known.asked_by, known.reason, known.note) == ("ana", "cold", "sorry")
        assert known.status == "SUCCEEDED"


def test_the_customer_sees_the_sum_of_each_kind() -> None:
    known = [
        a_refund("r1", "SUCCEEDED", value=100),
        a_refund("r2", "SUCCEEDED", value=200),
        a_refund("r3", "WAITING", value=400),
        a_refund("r4", "RETURNED", value=800),
        a_refund("r5", "REFUSED", value=1600),
        a_refund("r6", ASKED, value=3200),
        a_refund("r7", "CONFIRMING", value=6400),
    ]
    assert refunded_of(known) == Refunded(given_back=300, under_way=400, returned=800)


def test_a_reason_is_shown_once_its_refund_has_gone_back() -> None:
    cold = a_refund("r1", "SUCCEEDED").model_copy(update={"reason": "It was cold"})
    waits = a_refund("r2", "WAITING").model_copy(update={"reason": "It was late"})
    silent = a_refund("r3", "SUCCEEDED")
    assert refunded_of([cold, waits, silent]).reasons == ("It was cold",)


def test_refunds_elsewhere_are_known_by_the_answer_alone() -> None:
    told = in_brief(350, ("r1", 50, "SUCCEEDED"), ("r2", 70, "IN_PROCESS"))
    assert refunded_of([], told) == Refunded(given_back=350, under_way=70)
    known = [a_refund("r1", "SUCCEEDED", value=50)]
    assert refunded_of(known, told) == Refunded(given_back=350, under_way=70)


def test_an_answer_that_knows_less_than_a_callback_takes_nothing_back() -> None:
    known = [a_refund("r1", "SUCCEEDED", value=50), a_refund("r2", "RETURNED", value=7)]
    told = in_brief(7, ("r1", 50, "SENT"), ("r2", 7, "SUCCEEDED"))
    assert refunded_of(known, told) == Refunded(given_back=50, returned=7)


def test_what_may_go_back_is_not_left() -> None:
    known = [
        a_refund("r1", "SUCCEEDED", value=100),
        a_refund("r2", ASKED, value=200),
        a_refund("r3", "CONFIRMING", value=400),
        a_refund("r4", "REFUSED", value=800),
        a_refund("r5", "RETURNED", value=1600),
        a_refund("r6", "A NEWER ONE", value=3200),
    ]
    assert left_of(10_000, known) == 10_000 - 3900
    assert left_of(100, known) == 0
