"""Under review: the customer is told, and nothing is delivered until the outcome."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, strategies as st

from storefront.ordering.order_status import (
    MAY_PAY_AGAIN,
    SETTLED,
    Kind,
    order_status_of,
)
from storefront.ordering.reviews import ReceivedCallback, Review, open_reviews
from storefront.payment_api.outcomes import KNOWN_TYPES, REVIEWS
from tests.storefront.callbacks import T0, a_review, an_event, tell
from tests.storefront.customer import Customer
from tests.storefront.played_api import PlayedApi, a_problem, a_state
from tests.storefront.test_order_status import NOW, an_order, state_of

UNDER_REVIEW = "A person is looking at it"
LATE_UNDER_REVIEW = "A person is looking at your late payment"
# T0 in Manila, where it is evening already.
SINCE = "Being looked at since Nov 24, 2026, 6:00"
Event = dict[str, Any]


@pytest.fixture
async def order_id(customer: Customer) -> str:
    await customer.buy()
    return (await customer.order()).order_id


@pytest.fixture
def away(api: PlayedApi) -> Callable[[], None]:
    """Has the API answer nothing, so that the shop knows by callbacks alone."""

    def away() -> None:
        api.instead["GET /payments/"] = lambda _: a_problem(503, "UNAVAILABLE")

    return away


async def tell_anew(customer: Customer, order_id: str, events: Sequence[Event]) -> None:
    """Buy once more, and tell the events of an order as those of the new one."""
    await customer.buy()
    other = (await customer.order()).order_id
    for event in events:
        renamed = json.loads(json.dumps(event).replace(order_id, other))
        assert (await tell(customer, renamed)).status_code == 204


# ---- the callback alone ----


async def test_a_review_is_shown_with_its_time_and_delivers_nothing(
    customer: Customer, order_id: str, away: Callable[[], None]
) -> None:
    assert (await tell(customer, a_review(order_id))).status_code == 204
    away()
    told = await customer.looks()
    for words in (UNDER_REVIEW, SINCE, "nothing is delivered", "do not pay again"):
        assert words in told
    for offer in ("Try again", "Pay ₱", "Continue to", "Paid."):
        assert offer not in told
    assert (await customer.order()).fulfilled_at is None


async def test_a_review_is_shown_in_the_customer_s_language(
    customer: Customer, order_id: str, away: Callable[[], None]
) -> None:
    await tell(customer, a_review(order_id))
    away()
    customer.http.headers["Accept-Language"] = "id"
    told = await customer.looks()
    assert "Seseorang sedang memeriksanya" in told
    assert "Diperiksa sejak 24 Nov 2026" in told


async def test_an_answer_from_before_the_callback_does_not_undo_a_review(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    before = (T0 - timedelta(minutes=1)).isoformat()
    await tell(customer, a_review(order_id))
    for status in ("AWAITING_CUSTOMER", "CHECKING", "EXPIRED"):
        api.payments[order_id] = a_state(order_id, status=status)
        if status == "EXPIRED":
            api.payments[order_id]["closed_at"] = before
        told = await customer.looks()
        assert UNDER_REVIEW in told, status
        assert "Continue to" not in told
        assert "Pay ₱" not in told


async def test_what_is_in_doubt_is_kept_for_the_shop_and_not_shown_to_the_customer(
    customer: Customer, order_id: str
) -> None:
    await tell(customer, a_review(order_id))
    token = (await customer.order()).token
    doubt = f"{order_id}_1 was paid with PHP 1.00"
    assert doubt in (await customer.http.get(f"/orders/{token}/record")).text
    assert doubt not in (await customer.http.get(f"/orders/{token}")).text
    [review] = (await customer.order()).reviews
    assert review == Review(
        is_late=False, payment_request_id=f"{order_id}_1", since=T0, doubt=doubt
    )


async def test_a_review_over_another_amount_is_shown_all_the_same(
    customer: Customer, order_id: str, away: Callable[[], None]
) -> None:
    other = {"currency": "PHP", "value": 1}
    await tell(customer, a_review(order_id, amount=other))
    away()
    assert UNDER_REVIEW in await customer.looks()


# ---- the answer, or the stream, alone ----


async def test_a_review_in_the_answer_alone_is_shown_without_a_time(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    api.payments[order_id] = a_state(order_id, status="REVIEW")
    told = await customer.looks()
    assert UNDER_REVIEW in told
    assert "nothing is delivered" in told
    assert "since" not in told


async def test_late_money_is_under_review_by_the_answer_alone(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    state = a_state(order_id, status="EXPIRED", late=[(1, None)])
    api.payments[order_id] = state
    assert "Your money came late" in await customer.looks()
    state["late_money"][0]["status"] = "a person must decide"
    told = await customer.looks()
    assert LATE_UNDER_REVIEW in told
    assert "Pay ₱" not in told


async def test_the_stream_and_the_callback_show_the_same(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    token = (await customer.order()).token
    await tell(customer, a_review(order_id))
    api.streams = [[a_state(order_id, status="REVIEW"), a_state(order_id)], [], []]
    api.streams[0].append(a_state(order_id, status="PAID"))
    stream = (await customer.http.get(f"/orders/{token}/events")).text
    assert stream.count(UNDER_REVIEW) == 2
    assert stream.count("Being looked at since") == 2
    assert "Waiting for you" not in stream
    assert stream.count("Paid. Thank you!") == 1


# ---- in the order's sequence ----


@pytest.mark.parametrize(
    ("outcome", "title"),
    [
        ("PAID", "Paid. Thank you!"),
        ("CANCELLED", "We do not know yet"),
    ],
)
async def test_the_outcome_replaces_the_review_in_whatever_order_they_arrive(
    customer: Customer,
    order_id: str,
    away: Callable[[], None],
    outcome: str,
    title: str,
) -> None:
    events = [
        a_review(order_id),
        a_review(order_id, which=2, minute=3),
        an_event(order_id, outcome, minute=9),
    ]
    arrivals = [[*order, order[0]] for order in permutations(events)]
    pages = []
    for arrival in arrivals:
        await tell_anew(customer, order_id, arrival)
        order = await customer.order()
        assert (order.status, order.reviews) == (outcome, ())
        assert (order.fulfilled_at is not None) is (outcome == "PAID")
        pages.append(order.token)
    away()
    for token in pages:
        assert title in (await customer.http.get(f"/orders/{token}")).text


async def test_of_a_changed_doubt_the_newest_is_shown(
    customer: Customer, order_id: str
) -> None:
    first, second = a_review(order_id), a_review(order_id, which=2, minute=3)
    for arrival in permutations([first, second, first]):
        await tell_anew(customer, order_id, arrival)
        order = await customer.order()
        [review] = order.reviews
        assert review.doubt == f"{order.order_id}_1 was paid with PHP 2.00"
        assert review.since == T0 + timedelta(minutes=3)


async def test_an_older_review_that_arrives_late_or_twice_changes_nothing(
    customer: Customer, order_id: str
) -> None:
    await tell(customer, an_event(order_id, "PAID", minute=9))
    paid = await customer.order()
    for _ in range(2):
        assert (await tell(customer, a_review(order_id))).status_code == 204
    assert await customer.order() == paid
    [_, kept] = await customer.shop.orders.callbacks_of(paid)
    assert (kept["type"], kept["effect"]) == ("payment.review", "NO_NEWS")


async def test_late_money_under_review_is_shown_until_its_outcome_comes(
    customer: Customer, order_id: str, away: Callable[[], None]
) -> None:
    expired = an_event(order_id, "EXPIRED", minute=14)
    review = a_review(order_id, kind="late_payment", minute=20)
    for outcome in ("RETURNED", "REFUNDED", "HONOURED", "NOT_PAID"):
        over = an_event(order_id, outcome, kind="late_payment", minute=40)
        for arrival in permutations([expired, review, over]):
            await tell_anew(customer, order_id, arrival)
            order = await customer.order()
            assert order.reviews == ()
            assert (order.fulfilled_at is not None) is (outcome == "HONOURED")
    await tell_anew(customer, order_id, [review, expired])
    away()
    told = await customer.looks()
    assert LATE_UNDER_REVIEW in told
    assert "Being looked at since Nov 24, 2026, 6:20" in told
    assert (await customer.order()).fulfilled_at is None


async def test_each_late_payment_is_reviewed_by_itself(
    customer: Customer, order_id: str
) -> None:
    for event in (
        a_review(order_id, kind="late_payment", minute=20),
        a_review(order_id, kind="late_payment", number=2, minute=21),
        an_event(order_id, "RETURNED", kind="late_payment", minute=30),
        # The end of a later payment of the order settles no late money.
        an_event(order_id, "EXPIRED", number=3, minute=40),
    ):
        await tell(customer, event)
    [review] = (await customer.order()).reviews
    assert (review.is_late, review.payment_request_id) == (True, f"{order_id}_2")


async def test_an_answer_that_shows_the_end_ends_the_review(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    await tell(customer, a_review(order_id))
    ended = a_state(order_id, status="CANCELLED")
    ended["closed_at"] = (T0 + timedelta(minutes=9)).isoformat()
    api.payments[order_id] = ended
    assert "The payment is cancelled" in await customer.looks()
    assert (await customer.order()).reviews == ()
    await tell(customer, a_review(order_id, kind="late_payment", minute=20))
    assert LATE_UNDER_REVIEW in await customer.looks()
    ended["late_money"] = [
        {"payment_request_id": f"{order_id}_1", "status": "x", "outcome": "REFUNDED"}
    ]
    assert "Paid late, and refunded" in await customer.looks()


async def test_a_second_payment_under_review_is_shown_on_top_of_the_first(
    customer: Customer, api: PlayedApi, order_id: str, away: Callable[[], None]
) -> None:
    await tell(customer, an_event(order_id, "PAID", number=2, minute=1))
    await tell(customer, a_review(order_id, kind="late_payment", minute=9))
    paid = await customer.order()
    assert paid.paid_attempt == f"{order_id}_2"
    api.payments[order_id] = a_state(order_id, status="PAID", number=2)
    for _ in range(2):
        told = await customer.looks()
        assert "Paid. Thank you!" in told
        assert "We make sure that you pay only once." in told
        away()


# ---- in general ----

MOMENTS = st.integers(0, 9).map(lambda minute: T0 + timedelta(minutes=minute))
HEARD = st.builds(
    ReceivedCallback,
    type=st.sampled_from([*sorted(KNOWN_TYPES), "payment.disputed"]),
    payment_request_id=st.sampled_from(["a_1", "a_2"]),
    occurred_at=MOMENTS,
    review=st.none(),
)


# At the same moment the first to arrive is the first: they are told one by one.
@given(
    data=st.data(),
    heard=st.lists(
        HEARD, max_size=6, unique_by=lambda one: (one.occurred_at, one.type in REVIEWS)
    ),
)
def test_the_order_in_which_reviews_arrive_does_not_matter(
    data: st.DataObject, heard: list[ReceivedCallback]
) -> None:
    arrived = data.draw(st.permutations(heard))
    found = open_reviews(arrived, "NEW", None)
    assert set(found) == set(open_reviews([*heard, *heard], "NEW", None))
    # What is open was told, and is newer than all that ends it.
    for review in found:
        kind = REVIEWS[review.is_late].partition(".")[0] + "."
        for one in heard:
            is_about_it = one.type.startswith(kind) and one.type in KNOWN_TYPES
            is_its_late = one.payment_request_id == review.payment_request_id
            if is_about_it and (is_its_late or not review.is_late):
                assert one.occurred_at <= review.since
                assert one.type in REVIEWS or one.occurred_at < review.since


@given(
    is_late=st.booleans(),
    status=st.sampled_from(["NEW", "EXPIRED", "CANCELLED"]),
    told=st.sampled_from(
        ["OPENING", "AWAITING_CUSTOMER", "CHECKING", "CANCELLING", "REVIEW"]
    ),
    answered=st.sampled_from(["yes", "no payment", "away"]),
)
def test_nobody_pays_again_and_nothing_is_delivered_under_review(
    is_late: bool, status: str, told: str, answered: str
) -> None:
    review = Review(is_late=is_late, payment_request_id="coffee-1_1", since=NOW)
    order = an_order(status=status, reviews=[review])
    state = state_of(status=told) if answered == "yes" else None
    order_status = order_status_of(order, state, NOW, is_away=answered == "away")
    assert order_status.kind not in (*MAY_PAY_AGAIN, *SETTLED, Kind.UNKNOWN)
    assert not order_status.may_pay_again
    assert order_status.review_since or order_status.second_payment == "pending"
    if not is_late:
        assert (order_status.kind, order_status.review_since) == (Kind.REVIEW, NOW)
        assert not order_status.page_url
