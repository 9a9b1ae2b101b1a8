"""Refunds by callback: kept in any order, and told to the customer in honest words."""

import json
from itertools import permutations

import pytest

from tests.storefront.callbacks import a_refund, a_review, an_event, tell
from tests.storefront.customer import Customer, a_paid_order
from tests.storefront.played_api import PlayedApi, a_problem


@pytest.fixture
async def order_id(customer: Customer, api: PlayedApi) -> str:
    order_id = await a_paid_order(customer, api)
    # From here on only callbacks tell anything.
    api.instead["GET /payments/"] = lambda _: a_problem(503, "UNAVAILABLE")
    return order_id


async def statuses_of(customer: Customer) -> dict[str, str]:
    return {one.refund_id: one.status for one in (await customer.order()).refunds}


@pytest.mark.parametrize(
    ("happened", "status", "words"),
    [
        ("succeeded", "SUCCEEDED", "Refunded ₱50.00 of ₱180.00"),
        ("failed", "REFUSED", "Paid. Thank you!"),
        ("waiting", "WAITING", "A refund is under way"),
        ("returned", "RETURNED", "GCash has returned it to us"),
    ],
)
async def test_what_happens_to_a_refund_is_kept_and_shown(
    customer: Customer, order_id: str, happened: str, status: str, words: str
) -> None:
    for _ in range(2):
        answer = await tell(customer, a_refund(order_id, happened))
        assert (answer.status_code, answer.content) == (204, b"")
    assert await statuses_of(customer) == {"r1": status}
    order = await customer.order()
    assert (order.status, order.fulfilled_at is not None) == ("PAID", True)
    [kept] = await customer.shop.orders.callbacks_of(order)
    assert (kept["type"], kept["effect"]) == (f"refund.{happened}", "REFUND")
    assert words in await customer.looks()


async def test_the_order_in_which_callbacks_of_a_refund_arrive_does_not_matter(
    customer: Customer, order_id: str
) -> None:
    """Waiting, then given back, then bounced; and another one that was refused."""
    events = [
        a_refund(order_id, "waiting", minute=1),
        a_refund(order_id, "succeeded", minute=2),
        a_refund(order_id, "returned", minute=3),
        a_refund(order_id, "failed", minute=4, refund_id="r2"),
    ]
    for arrival in permutations(events):
        await customer.buy()
        other = (await customer.order()).order_id
        for event in arrival:
            renamed = json.loads(json.dumps(event).replace(order_id, other))
            await tell(customer, renamed)
        assert await statuses_of(customer) == {"r1": "RETURNED", "r2": "REFUSED"}


async def test_refunded_money_stays_refunded_whatever_comes_later(
    customer: Customer, order_id: str
) -> None:
    for minute, happened in enumerate(("failed", "succeeded", "failed", "waiting")):
        event = a_refund(order_id, happened, minute=minute)
        await tell(customer, {**event, "id": f"{event['id']}-{minute}"})
    assert await statuses_of(customer) == {"r1": "SUCCEEDED"}


@pytest.mark.parametrize(
    "amount",
    [
        {"currency": "PHP", "value": 18001},
        {"currency": "PHP", "value": 0},
        {"currency": "PHP", "value": -5},
        {"currency": "IDR", "value": 5000},
    ],
)
async def test_a_refund_of_what_was_never_paid_is_kept_and_believed_by_nobody(
    customer: Customer, order_id: str, amount: dict[str, object]
) -> None:
    event = {**a_refund(order_id, "succeeded"), "amount": amount}
    assert (await tell(customer, event)).status_code == 204
    order = await customer.order()
    [kept] = await customer.shop.orders.callbacks_of(order)
    assert kept["effect"] == "AMOUNT_DIFFERS"
    assert order.refunds == ()


async def test_a_refund_without_its_name_is_malformed(
    customer: Customer, order_id: str
) -> None:
    event = {**a_refund(order_id, "succeeded"), "refund": None}
    assert (await tell(customer, event)).status_code == 400


async def test_a_refund_ends_no_review_and_a_review_undoes_no_refund(
    customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order_id = (await customer.order()).order_id
    await tell(customer, a_review(order_id, minute=1))
    await tell(customer, a_refund(order_id, "succeeded", minute=2))
    order = await customer.order()
    assert len(order.reviews) == 1
    await tell(customer, an_event(order_id, "PAID", minute=3))
    assert (await customer.order()).reviews == ()
    assert await statuses_of(customer) == {"r1": "SUCCEEDED"}


async def test_an_answer_from_before_the_callback_does_not_undo_a_refund(
    customer: Customer, order_id: str, api: PlayedApi
) -> None:
    await tell(customer, a_refund(order_id, "succeeded"))
    del api.instead["GET /payments/"]
    api.refunds.kept[order_id] = [
        {
            "refund_id": "r1",
            "amount": {"currency": "PHP", "value": 5000},
            "status": "SENT",
        }
    ]
    assert "Refunded ₱50.00 of ₱180.00" in await customer.looks()


async def test_a_page_listens_for_as_long_as_a_refund_is_under_way(
    customer: Customer, order_id: str
) -> None:
    path = f"/orders/{(await customer.order()).token}"
    await tell(customer, a_refund(order_id, "waiting"))
    assert "data-over" not in (await customer.http.get(path)).text
    await tell(customer, a_refund(order_id, "succeeded", minute=1))
    assert "data-over" in (await customer.http.get(path)).text
