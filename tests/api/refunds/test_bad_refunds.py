"""What cannot be refunded is refused by field and rule, before anything is sent."""

from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from contracts import Money, refunds_id, workflow_id
from tests.api.refunds.refunding_shop import PRICE, RefundingShop, php
from tests.api.running import paid_notification
from tests.builders import a_cancel, a_page, a_refusal, an_inquiry
from tests.fakes import FakeAlipay

MYR_100 = Money(currency="MYR", value=10000)


async def no_owner_began(refunding: RefundingShop, order_id: str) -> bool:
    """Whether no workflow was started for the order's refunds."""
    handle = refunding.shop.client.get_workflow_handle(refunds_id(order_id))
    try:
        await handle.describe()
    except RPCError as error:
        return error.status is RPCStatusCode.NOT_FOUND
    return False


async def check_refused(
    refunding: RefundingShop, order_id: str, body: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Return status and problem of a request that sends and reserves nothing."""
    path = f"/payments/{order_id}/refunds"
    answer = await refunding.shop.http.post(path, json=body)
    assert await no_owner_began(refunding, order_id)
    assert refunding.ledgers.of(order_id).calls == {}
    problem: dict[str, Any] = answer.json()
    return answer.status_code, problem


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"amount": php(0)}, "amount.value", "greater than or equal to 1"),
        ({"amount": php(-5)}, "amount.value", "greater than or equal to 1"),
        ({"amount": {"currency": "PHP", "value": 50.5}}, "amount.value", "integer"),
        ({"amount": {"currency": "PHP", "value": "5"}}, "amount.value", "integer"),
        ({"amount": {"currency": "php", "value": 5}}, "amount.currency", "pattern"),
        ({"amount": {"currency": "USD", "value": 5}}, "amount.currency", "must be PHP"),
        ({"amount": {"value": 5}}, "amount.currency", "required"),
        ({"amount": 5}, "amount", "dictionary"),
        ({"refund_id": ""}, "refund_id", "pattern"),
        ({"refund_id": "r" * 65}, "refund_id", "pattern"),
        ({"refund_id": "r 1"}, "refund_id", "pattern"),
        ({"refund_id": "r/1"}, "refund_id", "pattern"),
        ({"refund_id": "r\u00e9"}, "refund_id", "pattern"),
        ({"refund_id": "r-1\n"}, "refund_id", "pattern"),
        ({"refund_id": None}, "refund_id", "string"),
        ({"reason_for_customer": "a\x07b"}, "reason_for_customer", "control"),
        ({"reason_for_customer": "a\nb"}, "reason_for_customer", "control"),
        ({"reason_for_customer": "a\u202eb"}, "reason_for_customer", "printable"),
        ({"reason_for_customer": "x" * 257}, "reason_for_customer", "256"),
        ({"note": "a\x00b"}, "note", "control"),
        ({"note": "x" * 1001}, "note", "1000"),
        ({"remaining": php(0)}, "remaining.value", "greater than or equal to 1"),
        ({"payment_request_id": "other_1"}, "payment_request_id", "must be"),
        ({"refundAmount": php(5)}, "refundAmount", "not permitted"),
    ],
)
async def test_a_malformed_refund_is_refused_by_field_and_rule(
    changes: dict[str, Any], field: str, rule: str, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    body = {"refund_id": "r-1", "amount": php(6000), **changes}
    status, problem = await check_refused(refunding, order_id, body)
    assert (status, problem["code"]) == (422, "INVALID")
    [error] = problem["errors"]
    assert error["field"] == field
    assert rule in error["rule"]


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"amount": php(10001)}, "MORE_THAN_IS_LEFT", "PHP 100.00 can still be"),
        ({"amount": php(10**16 - 1)}, "MORE_THAN_IS_LEFT", "PHP 100.00 can still be"),
        ({"remaining": php(9999)}, "REMAINING_DIFFERS", "PHP 100.00 can still be"),
    ],
)
async def test_more_than_was_paid_is_refused_with_what_is_left(
    changes: dict[str, Any], code: str, words: str, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    body = {"refund_id": "r-1", "amount": php(6000), **changes}
    status, problem = await check_refused(refunding, order_id, body)
    assert (status, problem["code"]) == (409, code)
    assert words in problem["detail"]


@pytest.mark.parametrize(
    ("wallet", "price", "part", "field", "rule"),
    [
        ("OVO", Money(currency="IDR", value=5000000), None, "wallet", "no refunds"),
        ("SHOPEEPAY_MY", MYR_100, 6000, "amount.value", "gives back only all"),
        ("GCASH", PRICE, 50, "amount.value", "gives back at least"),
        ("GCASH", PRICE, 9950, "amount.value", "would be left"),
    ],
)
async def test_what_the_wallet_does_not_give_back_is_refused(
    wallet: str,
    price: Money,
    part: int | None,
    field: str,
    rule: str,
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid(wallet=wallet, price=price)
    amount = {"currency": price.currency, "value": part} if part else None
    body = {"refund_id": "r-1", "amount": amount}
    status, problem = await check_refused(refunding, order_id, body)
    assert (status, problem["code"]) == (422, "INVALID")
    [error] = problem["errors"]
    assert error["field"] == field
    assert rule in error["rule"]
    assert error["source"].startswith("https://")


async def test_the_wallets_period_is_over_one_day(refunding: RefundingShop) -> None:
    order_id = await refunding.paid(paid_at="2020-01-01T00:00:00+08:00")
    status, problem = await check_refused(refunding, order_id, {"refund_id": "r-1"})
    assert (status, problem["errors"][0]["field"]) == (422, "paid_at")


async def test_an_unknown_order_has_nothing_to_refund(refunding: RefundingShop) -> None:
    status, problem = await check_refused(refunding, "nobody-1", {"refund_id": "r-1"})
    assert (status, problem["code"]) == (404, "UNKNOWN_ORDER")
    answer = await refunding.shop.http.get("/payments/nobody-1/refunds")
    assert answer.status_code == 404
    answer = await refunding.shop.http.get("/payments/nobody-1/refunds/r-1")
    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_REFUND")


async def test_an_order_that_is_still_open_is_not_refunded(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.shop.opens(FakeAlipay(pay=[a_page()]))
    status, problem = await check_refused(refunding, order_id, {"refund_id": "r-1"})
    assert (status, problem["code"]) == (409, "OPEN")
    assert "AWAITING_CUSTOMER" in problem["detail"]


async def test_an_order_that_nobody_paid_is_not_refunded(
    refunding: RefundingShop,
) -> None:
    body = refunding.shop.sells(FakeAlipay(pay=[a_refusal()]))
    await refunding.shop.http.post("/payments", json=body)
    order_id = body["order_id"]
    status, problem = await check_refused(refunding, order_id, {"refund_id": "r-1"})
    assert (status, problem["code"]) == (409, "NOT_PAID")
    state = await refunding.look(order_id)
    assert (state["paid"], state["left"], state["refunds"]) == (None, None, [])


async def test_an_order_under_review_is_not_refunded(refunding: RefundingShop) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    order_id = await refunding.shop.opens(alipay)
    other = {"currency": "PHP", "value": "1"}
    told = paid_notification(order_id, paymentAmount=other)
    assert (await refunding.shop.notified(told)).status_code == 200
    state = await refunding.shop.look(order_id)
    assert state["status"] == "REVIEW"
    status, problem = await check_refused(refunding, order_id, {"refund_id": "r-1"})
    assert (status, problem["code"]) == (409, "UNDER_REVIEW")


async def test_late_money_that_went_back_does_not_go_back_again(
    refunding: RefundingShop,
) -> None:
    alipay = FakeAlipay(
        pay=[a_refusal()], inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()]
    )
    body = refunding.shop.sells(alipay)
    order_id = body["order_id"]
    await refunding.shop.http.post("/payments", json=body)
    await refunding.shop.notified(paid_notification(order_id))
    client = refunding.shop.client
    await client.get_workflow_handle(f"late-payment:{order_id}_1").result()
    status, problem = await check_refused(refunding, order_id, {"refund_id": "r-1"})
    assert (status, problem["code"]) == (409, "GONE_BACK")


async def test_a_payment_that_was_stopped_is_not_refunded(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.shop.opens(FakeAlipay(pay=[a_page()]))
    payment = refunding.shop.client.get_workflow_handle(workflow_id(order_id))
    await payment.terminate()
    status, problem = await check_refused(refunding, order_id, {"refund_id": "r-1"})
    assert (status, problem["code"]) == (409, "WORKFLOW_STOPPED")


async def test_the_same_id_is_refused_for_another_amount(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    await refunding.refunds(order_id, "r-1", 6000)
    for value in (5000, 4000):
        answer = await refunding.refunds(order_id, "r-1", value)
        assert answer.status_code == 409
        assert answer.json()["code"] == "REFUND_DIFFERS"
        assert "PHP 60.00" in answer.json()["detail"]
    assert refunding.ledgers.of(order_id).total_back == 6000
