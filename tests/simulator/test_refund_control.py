"""What tests and demos do to refunds by hand, and the files that Alipay writes."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.reconcile.files.columns import FileKind
from audit.reconcile.files.lines import Movement
from audit.reconcile.files.reading import SettlementFile
from tests.simulator.shop import Shop


@pytest.fixture
async def paid(shop: Shop) -> Shop:
    await shop.pay()
    await shop.customer("pay")
    return shop


async def listed(shop: Shop, name: str) -> list[dict[str, str]]:
    """Return the lines of one of Alipay's files."""
    text = (await shop.http.get(f"/control/files/{name}.csv")).text
    *lines, end = text.splitlines()
    assert end == "<END>"
    rows: Iterator[dict[str, str]] = csv.DictReader(lines)
    return list(rows)


async def test_a_refund_made_in_the_portal_is_listed_under_an_id_that_is_not_ours(
    paid: Shop,
) -> None:
    await paid.customer("refund?value=100")
    await paid.customer("refund")
    assert await paid.moved() == ["CHARGE 131400", "REFUND 100", "REFUND 131300"]
    transactions = (await paid.inquire())["transactions"]
    ids = {one["transactionRequestId"] for one in transactions}
    assert len(ids) == 2
    assert all(one.startswith("portal-") and len(one) <= 64 for one in ids)
    again = await paid.by_hand("payments/order-1_1/refund")
    assert again.status_code == 409
    assert again.json()["detail"].startswith("REFUND_AMOUNT_EXCEED")
    assert (await paid.by_hand("payments/other_1/refund")).status_code == 404


async def test_what_was_refunded_in_the_portal_cannot_be_refunded_by_a_call(
    paid: Shop,
) -> None:
    await paid.customer("refund?value=100000")
    assert await paid.refund_code(31_401) == "F REFUND_AMOUNT_EXCEED"
    assert await paid.refund_code(31_400, "refund-2") == "S SUCCESS"


async def test_a_short_balance_is_short_in_the_portal_too(paid: Shop) -> None:
    await paid.plan("balance_short")
    refused = await paid.by_hand("payments/order-1_1/refund")
    assert refused.json()["detail"].startswith("MERCHANT_BALANCE_NOT_ENOUGH")
    await paid.by_hand("top-up")
    assert (await paid.by_hand("payments/order-1_1/refund")).is_success


@pytest.mark.parametrize(
    ("planned", "outcome", "status"),
    [
        ("refund_takes_hours", "", "SUCCESS"),
        ("refund_takes_hours", "?outcome=FAIL", "FAIL"),
        ("refund_fails_after_hours", "", "FAIL"),
        ("refund_fails_after_hours", "?outcome=SUCCESS", "SUCCESS"),
    ],
)
async def test_a_refund_in_process_can_be_ended_by_hand_and_is_notified(
    paid: Shop, planned: str, outcome: str, status: str
) -> None:
    await paid.plan(planned)
    await paid.refund(100)
    ended = await paid.by_hand(f"refunds/refund-1/finish{outcome}")
    assert ended.json()["status"] == status
    assert await paid.refund_status() == status
    assert paid.heard[-1].body["refundStatus"] == status
    await paid.wait(hours=4)
    again = await paid.by_hand("refunds/refund-1/finish?outcome=SUCCESS")
    assert again.status_code == 409
    assert await paid.refund_status() == status
    assert (await paid.moved()).count("REFUND 100") == (status == "SUCCESS")


async def test_only_a_refund_that_succeeded_returns_and_only_once(paid: Shop) -> None:
    await paid.plan("refund_in_process")
    await paid.refund(100)
    path = "refunds/refund-1/return"
    assert (await paid.by_hand(path)).status_code == 409
    await paid.wait(minutes=1)
    assert (await paid.by_hand(path)).is_success
    assert (await paid.by_hand(path)).status_code == 409
    assert (await paid.moved())[1:] == ["REFUND 100", "REFUND_RETURN 100"]


async def test_refunds_are_listed_with_their_payment(paid: Shop) -> None:
    await paid.refund(100, refundReason="cold coffee")
    (one,) = (await paid.http.get("/control/refunds")).json()
    assert one == (await paid.http.get("/control/refunds/refund-1")).json()
    wanted = {
        "refund_request_id": "refund-1",
        "value": 100,
        "currency": "PHP",
        "status": "SUCCESS",
        "reason": "cold coffee",
        "payment_request_id": "order-1_1",
        "order_id": "ORDER-1001",
    }
    assert one.items() >= wanted.items()


async def test_only_the_settlement_file_shows_that_a_refund_returned(
    paid: Shop,
) -> None:
    await paid.refund(100)
    await paid.by_hand("refunds/refund-1/return")
    transactions = await listed(paid, "transactions")
    settlement = await listed(paid, "settlement")
    named = ("transactionType", "transactionRequestId", "transactionAmountValue")
    shown = [tuple(row[name] for name in named) for row in settlement]
    assert shown == [
        ("PAYMENT", "order-1_1", "131400"),
        ("REFUND", "refund-1", "-100"),
        ("REFUND_RETURN", "refund-1", "100"),
    ]
    assert [row["transactionType"] for row in transactions] == ["PAYMENT", "REFUND"]
    assert {row["originalTransactionId"] for row in settlement[1:]} == {
        settlement[0]["transactionId"]
    }
    assert settlement[1]["transactionId"] != settlement[0]["transactionId"]


async def test_both_files_are_read_as_what_they_are_when_we_reconcile(
    paid: Shop, tmp_path: Path
) -> None:
    await paid.refund(100)
    await paid.by_hand("refunds/refund-1/return")
    read = {}
    for name in ("transactions", "settlement"):
        path = tmp_path / f"{name}.csv"
        path.write_text((await paid.http.get(f"/control/files/{name}.csv")).text)
        file = SettlementFile.open(path)
        rows = [(row.movement, row.request_id, row.amount_minor) for row in file]
        read[file.columns.kind] = rows
        assert file.notes == []
    both = [
        (Movement.PAYMENT, "order-1_1", 131_400),
        (Movement.BACK, "refund-1", 100),
    ]
    assert read[FileKind.TRANSACTIONS] == both
    assert read[FileKind.SETTLEMENT][:2] == both
    assert [row[1:] for row in read[FileKind.SETTLEMENT][2:]] == [("refund-1", 100)]


async def test_a_cancelled_payment_is_listed_as_cancelled(paid: Shop) -> None:
    await paid.cancel()
    row = (await listed(paid, "transactions"))[1]
    assert (row["transactionType"], row["transactionAmountValue"]) == (
        "CANCEL",
        "-131400",
    )


async def test_a_mix_may_befall_calls_of_refunds(shop: Shop) -> None:
    mix = {"rate": 0.99, "faults": ["u_before"], "apis": ["refund"]}
    assert (await shop.http.post("/control/fault-mix", json=mix)).is_success
    await shop.pay()
    await shop.customer("pay")
    assert await shop.refund_code(100) == "U UNKNOWN_EXCEPTION"
