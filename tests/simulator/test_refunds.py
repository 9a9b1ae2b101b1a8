"""Refunds: what is given back, what is refused, and what an answer leaves open."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from simulator.config import SimulatorConfig
from tests.samples.reading import sample
from tests.simulator.shop import MovableClock, Shop, amount, with_wallet


def fields_of(name: str) -> set[str]:
    return set(json.loads(sample(name)))


async def paid(shop: Shop, **changes: Any) -> None:
    await shop.pay(**changes)
    await shop.customer("pay")


async def test_a_refund_is_made_once_and_shown(shop: Shop) -> None:
    await shop.pay()
    await shop.customer("pay")
    first, again = await shop.refund(90_000), await shop.refund(90_000)
    assert first == again
    assert first.keys() >= fields_of("51-refund")
    assert await shop.moved() == ["CHARGE 131400", "REFUND 90000"]
    inquiry = await shop.inquire()
    assert inquiry["paymentStatus"] == "SUCCESS"
    (transaction,) = inquiry["transactions"]
    assert transaction["transactionRequestId"] == "refund-1"
    refund = await shop.call("inquiryRefund", {"refundRequestId": "refund-1"})
    assert refund.keys() >= fields_of("55-inquiry-refund")
    assert refund["refundStatus"] == "SUCCESS"
    assert await shop.call("inquiryRefund", {"refundId": first["refundId"]}) == refund
    assert await shop.code("inquiryRefund", {"refundRequestId": "r-2"}) == (
        "F ORDER_NOT_EXIST"
    )


async def test_a_payment_lists_its_refunds_with_all_that_was_published(
    shop: Shop,
) -> None:
    await paid(shop)
    await shop.refund(90_000)
    await shop.plan("refund_in_process")
    await shop.refund(100, "refund-2")
    await shop.plan("refund_refused")
    await shop.refund(100, "refund-3")
    done, under_way = (await shop.inquire())["transactions"]
    published = json.loads(sample("31-inquiry"))["transactions"][0]
    assert done.keys() == under_way.keys() == published.keys()
    assert done | {"transactionId": published["transactionId"]} == published | {
        "transactionRequestId": "refund-1"
    }
    assert under_way["transactionStatus"] == "PROCESSING"
    assert under_way["transactionResult"]["resultCode"] == "REFUND_IN_PROCESS"
    assert under_way["transactionAmount"] == amount("PHP", 100)


async def test_refunds_never_exceed_the_payment(shop: Shop) -> None:
    await paid(shop)
    await shop.refund(90_000)
    assert await shop.refund_code(41_401, "refund-2") == "F REFUND_AMOUNT_EXCEED"
    assert await shop.refund_code(41_400, "refund-3") == "S SUCCESS"
    assert await shop.refund_code(100, "refund-4") == "F REFUND_AMOUNT_EXCEED"
    assert shop.simulation.ledger.nets() == {"ORDER-1001": {"PHP": 0}}


async def test_a_refund_in_process_counts_as_if_it_were_done(shop: Shop) -> None:
    await paid(shop)
    await shop.plan("refund_takes_hours")
    assert await shop.refund_code(90_000) == "U REFUND_IN_PROCESS"
    assert await shop.refund_code(90_000, "refund-2") == "F REFUND_AMOUNT_EXCEED"


async def test_another_amount_or_payment_under_the_same_id_is_refused(
    shop: Shop,
) -> None:
    await paid(shop)
    other = (await shop.pay(paymentRequestId="order-2_1"))["paymentId"]
    await shop.customer("pay", "order-2_1")
    await shop.refund(90_000)
    assert await shop.refund_code(80_000) == "F REPEAT_REQ_INCONSISTENT"
    assert await shop.refund_code(90_000, paymentId=other) == (
        "F REPEAT_REQ_INCONSISTENT"
    )
    assert await shop.refund_code(90_000) == "S SUCCESS"


async def test_once_refused_the_same_id_is_refused_for_ever(shop: Shop) -> None:
    await shop.pay()
    assert await shop.refund_code(100) == "F ORDER_STATUS_INVALID"
    await shop.customer("pay")
    assert await shop.refund_code(100) == "F ORDER_STATUS_INVALID"
    assert await shop.refund_code(100, "refund-2") == "S SUCCESS"
    assert await shop.refund_status("refund-1") == "FAIL"
    assert await shop.moved() == ["CHARGE 131400", "REFUND 100"]


async def test_an_unpaid_or_closed_payment_cannot_be_refunded(shop: Shop) -> None:
    await shop.pay()
    assert await shop.refund_code(100) == "F ORDER_STATUS_INVALID"
    await shop.cancel()
    assert await shop.refund_code(100, "refund-2") == "F ORDER_IS_CLOSED"


async def test_a_cancelled_payment_cannot_be_refunded_as_well(shop: Shop) -> None:
    await paid(shop)
    await shop.cancel()
    assert await shop.refund_code(100) == "F ORDER_IS_CANCELED"


@pytest.mark.parametrize("fault", [None, "refund_takes_hours", "refund_returned"])
async def test_a_payment_of_which_anything_was_refunded_cannot_be_cancelled(
    shop: Shop, fault: str | None
) -> None:
    await paid(shop)
    if fault:
        await shop.plan(fault)
    await shop.refund(90_000)
    await shop.wait(minutes=2)
    assert await shop.cancel() == "F PROCESS_FAIL"


async def test_a_payment_whose_refund_has_failed_can_be_cancelled(shop: Shop) -> None:
    await paid(shop)
    await shop.plan("refund_refused")
    await shop.refund(100)
    assert await shop.cancel() == "S SUCCESS"


# ---- rules of the wallets ----


async def test_a_refund_is_in_the_currency_of_the_payment(shop: Shop) -> None:
    await paid(shop)
    dollars = amount("USD", 100)
    assert await shop.refund_code(0, refundAmount=dollars) == "F CURRENCY_NOT_SUPPORT"


@pytest.mark.parametrize(
    ("wallet", "currency", "value", "answer"),
    [
        ("OVO", "IDR", 1_500_000, "F REFUND_NOT_SUPPORTED"),
        ("GOPAY_ID", "IDR", 100, "F REFUND_NOT_SUPPORTED"),
        ("JKOPAY", "TWD", 100, "F PARTIAL_REFUND_NOT_SUPPORTED"),
        ("JKOPAY", "TWD", 1_500_000, "S SUCCESS"),
        ("KAKAOPAY", "KRW", 49, "F PROCESS_FAIL"),
        ("KAKAOPAY", "KRW", 50, "S SUCCESS"),
        ("DANA", "IDR", 150, "F PARAM_ILLEGAL"),
        ("MAYA", "PHP", 100, "U REFUND_IN_PROCESS"),
        ("GRABPAY_SG", "SGD", 100, "U REFUND_IN_PROCESS"),
    ],
)
async def test_wallets_refund_in_full_in_part_at_once_later_or_not_at_all(
    shop: Shop, wallet: str, currency: str, value: int, answer: str
) -> None:
    await paid(shop, **with_wallet(wallet, currency))
    assert await shop.refund_code(value) == answer


async def test_a_rest_below_the_least_refund_stays_with_the_merchant(
    shop: Shop,
) -> None:
    await paid(shop, **with_wallet("KAKAOPAY", "KRW", 1_000))
    assert await shop.refund_code(951) == "S SUCCESS"
    assert await shop.refund_code(49, "refund-2") == "F PROCESS_FAIL"


async def test_a_payment_below_the_least_refund_is_refunded_as_a_whole(
    shop: Shop,
) -> None:
    await paid(shop, **with_wallet("KAKAOPAY", "KRW", 49))
    assert await shop.refund_code(49) == "S SUCCESS"


@pytest.mark.parametrize(
    ("wallet", "currency", "days"),
    [
        ("GCASH", "PHP", 365),
        ("ZALOPAY", "VND", 180),
        ("BANKTRANSFER_QUICKPAY", "KRW", 180),
        ("PAGALEVE", "BRL", 90),
        ("LINEPAY", "JPY", 30),
    ],
)
async def test_the_refund_period_is_the_wallets_and_begins_with_the_payment(
    shop: Shop, wallet: str, currency: str, days: int
) -> None:
    await shop.pay(**with_wallet(wallet, currency))
    shop.clock.advance(minutes=5)
    await shop.customer("pay")
    shop.clock.advance(days=days, seconds=-1)
    assert await shop.refund_code(10_000) == "S SUCCESS"
    shop.clock.advance(seconds=1)
    assert await shop.refund_code(10_000, "refund-2") == "F REFUND_WINDOW_EXCEED"


# ---- what a request must have ----


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"refundRequestId": None}, "refundRequestId"),
        ({"refundRequestId": "a refund"}, "refundRequestId"),
        ({"refundRequestId": "r" * 65}, "refundRequestId"),
        ({"paymentId": None}, "paymentId"),
        ({"paymentId": None, "paymentRequestId": "order-1_1"}, "paymentId"),
        ({"refundAmount": None}, "refundAmount"),
        ({"refundAmount": amount("PHP", -1)}, "refundAmount.value"),
        ({"refundReason": "r" * 257}, "refundReason"),
        ({"referenceRefundId": "r" * 65}, "referenceRefundId"),
        ({"refundNotifyUrl": "ftp://shop.example/"}, "refundNotifyUrl"),
        ({"refundNotifyUrl": f"https://shop.example/{'r' * 1024}"}, "refundNotifyUrl"),
    ],
)
async def test_a_request_that_cannot_be_read_is_refused_by_field(
    shop: Shop, changes: dict[str, Any], field: str
) -> None:
    await paid(shop)
    result = (await shop.refund(100, **changes))["result"]
    assert result["resultCode"] == "PARAM_ILLEGAL"
    assert field in result["resultMessage"]
    assert await shop.moved() == ["CHARGE 131400"]


async def test_without_any_address_for_its_notification_a_refund_is_refused(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    nowhere = replace(config, refund_notify_url=None)
    async with Shop(nowhere, merchant_key, MovableClock()).open() as shop:
        await paid(shop)
        result = (await shop.refund(100))["result"]
        assert result["resultCode"] == "PARAM_ILLEGAL"
        assert "refundNotifyUrl" in result["resultMessage"]
        named = "https://shop.example/refunds"
        assert await shop.refund_code(100, refundNotifyUrl=named) == "S SUCCESS"


# ---- not at once, not at all, or nobody knows ----


@pytest.mark.parametrize(
    ("fault", "lasts", "end"),
    [
        ("refund_in_process", timedelta(minutes=1), "SUCCESS"),
        ("refund_fails_later", timedelta(minutes=1), "FAIL"),
        ("refund_takes_hours", timedelta(hours=3), "SUCCESS"),
        ("refund_fails_after_hours", timedelta(hours=3), "FAIL"),
    ],
)
async def test_a_refund_that_was_taken_on_ends_later(
    shop: Shop, fault: str, lasts: timedelta, end: str
) -> None:
    await paid(shop)
    await shop.plan(fault)
    assert await shop.refund_code(100) == "U REFUND_IN_PROCESS"
    shop.clock.advance(seconds=lasts.total_seconds() - 1)
    assert await shop.refund_status() == "PROCESSING"
    assert await shop.refund_code(100) == "U REFUND_IN_PROCESS"
    assert await shop.moved() == ["CHARGE 131400"]
    shop.clock.advance(seconds=1)
    assert await shop.refund_status() == end
    has_succeeded = end == "SUCCESS"
    assert await shop.moved() == ["CHARGE 131400", *["REFUND 100"] * has_succeeded]
    again = "S SUCCESS" if has_succeeded else "F PROCESS_FAIL"
    assert await shop.refund_code(100) == again
    (listed,) = (await shop.inquire())["transactions"]
    assert listed["transactionStatus"] == end


async def test_a_failed_refund_has_a_time_which_says_nothing(shop: Shop) -> None:
    await paid(shop)
    await shop.plan("refund_fails_later")
    await shop.refund(100)
    shop.clock.advance(minutes=1)
    answer = await shop.call("inquiryRefund", {"refundRequestId": "refund-1"})
    assert (answer["refundStatus"], answer["refundTime"]) == (
        "FAIL",
        "2026-09-01T03:01:00-07:00",
    )


async def test_the_amount_of_a_failed_refund_is_free_again(shop: Shop) -> None:
    await paid(shop)
    await shop.plan("refund_fails_later")
    await shop.refund(131_400)
    await shop.wait(minutes=1)
    assert await shop.refund_code(131_400, "refund-2") == "S SUCCESS"


@pytest.mark.parametrize("code", ["RISK_REJECT", "MULTIPLE_REFUNDS_NOT_SUPPORTED"])
async def test_a_refund_can_be_refused_with_any_code(shop: Shop, code: str) -> None:
    await paid(shop)
    await shop.plan("refund_refused", code=code)
    assert await shop.refund_code(100) == f"F {code}"
    assert await shop.refund_code(100) == f"F {code}"
    assert await shop.refund_code(100, "refund-2") == "S SUCCESS"


async def test_a_short_balance_needs_topping_up_and_a_new_id(shop: Shop) -> None:
    short = "F MERCHANT_BALANCE_NOT_ENOUGH"
    await paid(shop)
    await shop.plan("balance_short")
    assert await shop.refund_code(100) == short
    shop.clock.advance(days=3)
    assert await shop.refund_code(100, "refund-2") == short
    assert (await shop.by_hand("top-up")).json() == {"status": "topped up"}
    assert await shop.refund_code(100) == short
    assert await shop.refund_code(100, "refund-3") == "S SUCCESS"
    assert await shop.moved() == ["CHARGE 131400", "REFUND 100"]


@pytest.mark.parametrize(
    ("fault", "moved"),
    [("refund_unknown_before", []), ("refund_unknown_after", ["REFUND 100"])],
)
async def test_nobody_knows_what_became_of_a_refund_until_it_is_sent_again(
    shop: Shop, fault: str, moved: list[str]
) -> None:
    await paid(shop)
    await shop.plan(fault)
    answers = [await shop.refund_code(100) for _ in range(3)]
    assert answers == ["U UNKNOWN_EXCEPTION"] * 3
    assert await shop.moved() == ["CHARGE 131400", *moved]
    assert await shop.refund_code(100) == "S SUCCESS"
    assert await shop.moved() == ["CHARGE 131400", "REFUND 100"]


async def test_a_question_about_a_refund_may_come_too_early(shop: Shop) -> None:
    await paid(shop)
    await shop.plan("refund_not_found", times=2)
    await shop.refund(100)
    inquiry = {"refundRequestId": "refund-1"}
    codes = [await shop.code("inquiryRefund", inquiry) for _ in range(3)]
    assert codes == [*["F ORDER_NOT_EXIST"] * 2, "S SUCCESS"]


async def test_the_money_of_a_refund_may_return_and_be_refunded_again(
    shop: Shop,
) -> None:
    await paid(shop)
    await shop.plan("refund_returned")
    assert await shop.refund_code(131_400) == "S SUCCESS"
    await shop.wait(minutes=1)
    assert await shop.moved() == [
        "CHARGE 131400",
        "REFUND 131400",
        "REFUND_RETURN 131400",
    ]
    assert await shop.refund_status() == "SUCCESS"
    (listed,) = (await shop.inquire())["transactions"]
    assert listed["transactionStatus"] == "SUCCESS"
    assert shop.summaries == ["PAYMENT_RESULT S"]
    assert await shop.refund_code(131_400, "refund-2") == "S SUCCESS"
    assert shop.simulation.ledger.nets() == {"ORDER-1001": {"PHP": 0}}


async def test_every_state_of_a_refund_survives_a_restart(
    config: SimulatorConfig, merchant_key: RSAPrivateKey
) -> None:
    clock = MovableClock()
    async with Shop(config, merchant_key, clock).open() as before:
        await paid(before)
        for number, fault in enumerate(
            ("refund_in_process", "refund_fails_later", "balance_short")
        ):
            await before.plan(fault)
            await before.refund(100, f"refund-{number}")
        await before.by_hand("top-up")
        await before.plan("refund_returned")
        await before.refund(100, "refund-3")
    clock.now += timedelta(minutes=1)
    async with Shop(config, merchant_key, clock).open() as after:
        await after.settle()
        statuses = [await after.refund_status(f"refund-{n}") for n in range(4)]
        assert statuses == ["SUCCESS", "FAIL", "FAIL", "SUCCESS"]
        assert await after.refund_code(100, "refund-2") == (
            "F MERCHANT_BALANCE_NOT_ENOUGH"
        )
        assert await after.moved() == [
            "CHARGE 131400",
            "REFUND 100",
            "REFUND 100",
            "REFUND_RETURN 100",
        ]
