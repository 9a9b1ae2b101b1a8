"""The books: the ledger, the list of calls, and what survives a restart."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from simulator.config import SimulatorConfig
from simulator.journal import Journal, Line
from simulator.payments.ledger import Entry, Kind, Ledger
from simulator.simulation import REMEMBERED_CALLS
from tests.simulator.shop import START, MovableClock, Shop, a_pay


def an_entry(kind: Kind = Kind.CHARGE, currency: str = "PHP", number: int = 1) -> Entry:
    request_id = f"order-1_{number}"
    return Entry(START, kind, request_id, "P1", "order-1", currency, 100, "customer")


def test_the_same_movement_is_written_once() -> None:
    ledger = Ledger()
    assert ledger.record(an_entry())
    assert not ledger.record(an_entry())
    assert ledger.record(an_entry(number=2))
    assert ledger.nets() == {"order-1": {"PHP": 200}}


def test_an_order_charged_in_two_currencies_has_two_sums() -> None:
    ledger = Ledger()
    ledger.record(an_entry())
    ledger.record(an_entry(currency="USD", number=2))
    assert ledger.nets() == {"order-1": {"PHP": 100, "USD": 100}}


async def test_the_ledger_names_order_payment_and_net(shop: Shop) -> None:
    payment_id = (await shop.pay())["paymentId"]
    await shop.customer("pay")
    ledger = (await shop.http.get("/control/ledger")).json()
    assert ledger == {
        "entries": [
            {
                "time": "2026-09-01T10:00:00Z",
                "kind": "CHARGE",
                "payment_request_id": "order-1_1",
                "payment_id": payment_id,
                "order_id": "ORDER-1001",
                "currency": "PHP",
                "value": 131400,
                "request_id": "customer",
            }
        ],
        "net": {"ORDER-1001": {"PHP": 131400}},
    }


async def test_every_call_is_listed_in_order(shop: Shop) -> None:
    await shop.plan("server_error_after", api="inquiryPayment")
    await shop.pay()
    await shop.send("inquiryPayment", {"paymentRequestId": "order-1_1"})
    await shop.cancel()
    await shop.send("cancel", {}, signature="")
    calls = (await shop.http.get("/control/calls")).json()["calls"]
    assert [
        (call["api"], call["payment_request_id"], call["result_code"]) for call in calls
    ] == [
        ("pay", "order-1_1", "PAYMENT_IN_PROCESS"),
        ("inquiryPayment", "order-1_1", None),
        ("cancel", "order-1_1", "SUCCESS"),
        ("cancel", None, "INVALID_SIGNATURE"),
    ]


async def test_a_listed_call_shows_what_was_received(shop: Shop) -> None:
    request = (await shop.send("pay", a_pay())).request
    await shop.http.post("/ams/api/v1/payments/refund", content=b"\xff")
    first, second = (await shop.http.get("/control/calls")).json()["calls"]
    assert first["path"] == "/ams/sandbox/api/v1/payments/pay"
    assert first["headers"] == {
        name: request.headers[name]
        for name in ("client-id", "request-time", "signature")
    }
    assert first["body"] == request.content.decode()
    assert (second["path"], second["headers"]) == ("/ams/api/v1/payments/refund", {})
    assert second["body"] == "\N{REPLACEMENT CHARACTER}"


async def test_only_the_newest_5000_calls_are_listed(shop: Shop) -> None:
    await shop.pay()
    (first,) = shop.simulation.calls
    shop.simulation.calls.extend([first] * 4_999)
    await shop.cancel()
    calls = (await shop.http.get("/control/calls")).json()["calls"]
    assert len(calls) == REMEMBERED_CALLS == 5_000
    assert calls[-1]["api"] == "cancel"


async def test_control_shows_a_payment_and_knows_no_other(shop: Shop) -> None:
    url = (await shop.pay())["normalUrl"]
    (listed,) = (await shop.http.get("/control/payments")).json()
    one = (await shop.http.get("/control/payments/order-1_1")).json()
    assert one == listed
    assert (one["status"], one["cashier_url"]) == ("PROCESSING", url)
    assert (await shop.http.get("/control/payments/other_1")).status_code == 404
    assert (await shop.http.get("/health/live")).json() == {"status": "live"}


async def test_payments_and_money_survive_a_restart(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    clock = MovableClock()
    async with Shop(config, merchant_key, clock).open() as before:
        url = (await before.pay())["normalUrl"]
        await before.pay(paymentRequestId="order-1_2")
        await before.customer("pay", "order-1_2")
    async with Shop(config, merchant_key, clock).open() as after:
        assert await after.status("order-1_2") == "SUCCESS"
        assert await after.moved() == ["CHARGE 131400"]
        assert (await after.pay())["normalUrl"] == url
        assert (await after.http.post(f"{url}/pay")).status_code == 303
        assert await after.moved() == ["CHARGE 131400", "CHARGE 131400"]


async def test_the_number_of_pay_calls_survives_a_restart(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    async with Shop(config, merchant_key, MovableClock()).open() as before:
        await before.pay()
        await before.pay()
    async with Shop(config, merchant_key, MovableClock()).open() as after:
        (payment,) = after.simulation.register.payments
        assert payment.pay_calls == 2


async def test_an_expiry_survives_a_restart(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    clock = MovableClock()
    async with Shop(config, merchant_key, clock).open() as before:
        await before.pay()
    clock.advance(minutes=20)
    async with Shop(config, merchant_key, clock).open() as after:
        await after.settle()
        assert after.summaries == ["PAYMENT_RESULT F"]


async def test_pending_notifications_go_on_after_a_restart(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    clock = MovableClock()
    async with Shop(config, merchant_key, clock).open() as before:
        before.answer = httpx.Response(503)
        await before.pay()
        await before.customer("pay")
        assert len(before.heard) == 1
    async with Shop(config, merchant_key, clock).open() as after:
        await after.settle()
        assert not after.heard
        await after.wait(minutes=2)
        assert after.summaries == ["PAYMENT_RESULT S"]
        await after.wait(hours=25)
        assert len(after.heard) == 1


async def test_refunds_survive_a_restart(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    clock = MovableClock()
    async with Shop(config, merchant_key, clock).open() as before:
        await before.pay()
        await before.customer("pay")
        await before.plan("refund_in_process")
        await before.refund(100)
    clock.now += timedelta(minutes=1)
    async with Shop(config, merchant_key, clock).open() as after:
        answer = await after.call("inquiryRefund", {"refundRequestId": "refund-1"})
        assert answer["refundStatus"] == "SUCCESS"
        assert await after.moved() == ["CHARGE 131400", "REFUND 100"]


def test_a_half_written_line_is_forgotten_and_the_file_compacted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state" / "journal.jsonl"
    journal = Journal(path)
    assert journal.open() == []
    journal.write("payment", "a", 1)
    journal.write("payment", "b", 1)
    journal.write("payment", "a", 2)
    journal.close()
    with path.open("a") as file:
        file.write('["payment", "b", ')
    assert journal.open() == [Line("payment", "a", 2), Line("payment", "b", 1)]
    journal.close()
    assert len(path.read_text().splitlines()) == 2


def test_without_a_state_file_nothing_is_written(tmp_path: Path) -> None:
    journal = Journal(None)
    assert journal.open() == []
    journal.write("payment", "a", 1)
    journal.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "wrong", [{"clock_factor": 0.5}, {"fault_rate": 1.0}, {"base_url": "wallet"}]
)
def test_a_wrong_setting_is_refused_at_once(
    config: SimulatorConfig, wrong: dict[str, object]
) -> None:
    values = {name: getattr(config, name) for name in ("private_key", "clients")}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SimulatorConfig(**{**values, "base_url": "http://wallet.example", **wrong})
