"""Callbacks: verified, kept once, and never older over newer."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from tests.storefront.callbacks import T0, an_event, signed, tell
from tests.storefront.conftest import SECRETS
from tests.storefront.customer import Customer
from tests.storefront.played_api import PlayedApi, a_problem


@pytest.fixture
async def order_id(customer: Customer) -> str:
    await customer.buy()
    return (await customer.order()).order_id


@pytest.mark.parametrize("secret", SECRETS)
async def test_a_callback_of_either_secret_fulfils_the_order(
    customer: Customer, order_id: str, secret: str
) -> None:
    answer = await tell(customer, an_event(order_id, "PAID"), secret=secret)
    assert (answer.status_code, answer.content) == (204, b"")
    order = await customer.order()
    assert (order.status, order.paid_attempt) == ("PAID", f"{order_id}_1")
    assert order.fulfilled_at


async def test_an_order_is_fulfilled_once_whatever_comes_later(
    customer: Customer, order_id: str
) -> None:
    await tell(customer, an_event(order_id, "PAID"))
    fulfilled_at = (await customer.order()).fulfilled_at
    for event in (
        an_event(order_id, "PAID"),
        an_event(order_id, "PAID", number=2, minute=5),
        an_event(order_id, "REFUNDED", number=2, minute=6, kind="late_payment"),
        an_event(order_id, "EXPIRED", number=3, minute=7),
    ):
        assert (await tell(customer, event)).status_code == 204
    order = await customer.order()
    assert (order.status, order.paid_attempt) == ("PAID", f"{order_id}_1")
    assert order.fulfilled_at == fulfilled_at


async def test_the_order_in_which_callbacks_arrive_does_not_matter(
    customer: Customer, order_id: str
) -> None:
    """An expired payment, its late money refunded, a second payment that expired."""
    events = [
        an_event(order_id, "EXPIRED", minute=14),
        an_event(order_id, "REFUNDED", minute=20, kind="late_payment"),
        an_event(order_id, "EXPIRED", number=2, minute=40),
        an_event(order_id, "NOT_PAID", number=2, minute=50, kind="late_payment"),
    ]
    for arrival in permutations(events):
        await customer.buy()
        other = (await customer.order()).order_id
        for event in arrival:
            renamed = json.loads(json.dumps(event).replace(order_id, other))
            await tell(customer, renamed)
        order = await customer.order()
        assert (order.status, order.fulfilled_at) == ("EXPIRED", None)
        assert order.status_at == T0 + timedelta(minutes=40)


async def test_late_money_that_is_honoured_is_delivered(
    customer: Customer, order_id: str
) -> None:
    await tell(customer, an_event(order_id, "HONOURED", minute=9, kind="late_payment"))
    await tell(customer, an_event(order_id, "EXPIRED", minute=14))
    order = await customer.order()
    assert order.status == "HONOURED"
    assert order.fulfilled_at


async def test_a_repeat_is_accepted_and_changes_nothing(
    customer: Customer, order_id: str
) -> None:
    for _ in range(3):
        answer = await tell(customer, an_event(order_id, "EXPIRED"))
        assert answer.status_code == 204
    [kept] = await customer.shop.orders.callbacks_of(await customer.order())
    assert (kept["webhook_id"], kept["effect"]) == (f"{order_id}_1-expired", "STATUS")


async def test_a_callback_is_shown_on_the_page_while_the_api_is_away(
    customer: Customer, api: PlayedApi, order_id: str
) -> None:
    await tell(customer, an_event(order_id, "PAID"))
    api.instead["GET /payments/"] = lambda _: a_problem(503, "UNAVAILABLE")
    assert "Paid. Thank you!" in await customer.looks()


async def test_of_another_amount_nothing_is_delivered(
    customer: Customer, order_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    for amount in (
        {"currency": "PHP", "value": 17999},
        {"currency": "IDR", "value": 18000},
    ):
        event = an_event(order_id, "PAID", id=f"{amount}", amount=amount)
        assert (await tell(customer, event)).status_code == 204
    order = await customer.order()
    assert (order.status, order.fulfilled_at) == ("NEW", None)
    assert "amount of the payment differs from the order" in caplog.text


async def test_a_callback_of_an_unknown_order_is_kept_and_logged(
    customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await tell(customer, an_event("somebody-else", "PAID"))
    assert answer.status_code == 204
    assert "callback of an unknown order" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": "v1,%%% v2,x"},
        {"webhook-signature": ""},
        {"webhook-id": "another"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": "9e99"},
    ],
)
async def test_what_is_not_signed_is_refused_and_changes_nothing(
    customer: Customer, order_id: str, change: dict[str, str]
) -> None:
    call = signed(an_event(order_id, "PAID"))
    call["headers"] |= change
    answer = await customer.http.post("/webhooks/cashier", **call)
    assert answer.status_code == 401
    assert (await customer.order()).status == "NEW"


async def test_a_changed_byte_is_refused(customer: Customer, order_id: str) -> None:
    call = signed(an_event(order_id, "EXPIRED"))
    for body in (
        call["content"].replace("EXPIRED", "PAID   "),
        b"\xff" + call["content"].encode(),
        b"",
    ):
        answer = await customer.http.post(
            "/webhooks/cashier", content=body, headers=call["headers"]
        )
        assert answer.status_code == 401
    unsigned = await customer.http.post("/webhooks/cashier", content=call["content"])
    assert unsigned.status_code == 401


async def test_an_old_or_a_foreign_callback_is_refused(
    customer: Customer, order_id: str
) -> None:
    event = an_event(order_id, "PAID")
    for minutes in (-6, 6):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        assert (await tell(customer, event, at=at)).status_code == 401
    stranger = "whsec_" + "QUJD" * 8
    assert (await tell(customer, event, secret=stranger)).status_code == 401


@pytest.mark.parametrize("field", ["outcome", "order_id", "occurred_at", "amount"])
async def test_a_signed_callback_of_the_wrong_shape_is_malformed(
    customer: Customer, order_id: str, field: str
) -> None:
    event = an_event(order_id, "PAID")
    call = signed({**event, field: None})
    assert (await customer.http.post("/webhooks/cashier", **call)).status_code == 400


@pytest.mark.parametrize("outcome", ["DISPUTED", "PAID"])
async def test_a_callback_of_an_unknown_type_is_kept_and_changes_nothing(
    customer: Customer, order_id: str, outcome: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = await customer.order()
    event = an_event(order_id, outcome, type="payment.disputed")
    assert (await tell(customer, event)).status_code == 204
    assert await customer.order() == before
    [kept] = await customer.shop.orders.callbacks_of(before)
    assert (kept["type"], kept["effect"]) == ("payment.disputed", "UNKNOWN_TYPE")
    assert "callback of an unknown type" in caplog.text
    await customer.looks()


async def test_an_unknown_type_of_another_shape_holds_up_no_later_callback(
    customer: Customer, order_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    strange = an_event(order_id, "PAID", type="dispute.opened", amount=7)
    assert (await tell(customer, strange)).status_code == 204
    assert "in a shape that it cannot keep" in caplog.text
    assert (await customer.order()).status == "NEW"
    assert (await tell(customer, an_event(order_id, "PAID"))).status_code == 204
    assert (await customer.order()).fulfilled_at


async def test_a_test_event_is_accepted_when_it_is_signed_and_changes_nothing(
    customer: Customer, order_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    event = an_event(order_id, "PAID", type="cashier.test")
    assert (await tell(customer, event)).status_code == 204
    stranger = f"whsec_{'QUJD' * 11}"
    assert (await tell(customer, event, secret=stranger)).status_code == 401
    assert await customer.shop.orders.callbacks_of(await customer.order()) == []
    assert (await customer.order()).status == "NEW"
    assert "does not know" not in caplog.text


async def test_only_its_type_makes_a_callback_deliver(
    customer: Customer, order_id: str
) -> None:
    for kind in ("payment.review", "late_payment.review", "payment.expired"):
        event = an_event(order_id, "PAID", type=kind, id=f"{order_id}-{kind}")
        assert (await tell(customer, event)).status_code == 204
    assert (await customer.order()).fulfilled_at is None


async def test_a_callback_that_cannot_be_kept_is_not_accepted(
    customer: Customer, order_id: str
) -> None:
    def broken(db: Any) -> None:
        db.execute(
            "create trigger no_room before insert on callbacks"
            " begin select raise(abort, 'no room'); end"
        )

    await customer.shop.database.transact(broken)
    with pytest.raises(Exception, match="no room"):
        await tell(customer, an_event(order_id, "PAID"))
    assert (await customer.order()).status == "NEW"


async def test_a_body_that_is_too_large_is_not_read(customer: Customer) -> None:
    answer = await customer.http.post("/webhooks/cashier", content=b"x" * 70_000)
    assert answer.status_code == 413
