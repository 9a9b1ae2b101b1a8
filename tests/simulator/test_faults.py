"""Every fault of the menu, as the merchant meets it."""

from typing import Any

import httpx
import pytest

from simulator.faults.kinds import CALL_FAULTS, DEFAULT_MIX, Fault
from simulator.faults.planned import Faults
from simulator.faults.scenarios import SENTENCES
from tests.simulator.shop import NOTIFY_URL, Shop, a_pay, amount, with_wallet

U_UNKNOWN = "U UNKNOWN_EXCEPTION"


def test_every_fault_is_explained() -> None:
    assert SENTENCES.keys() == set(Fault)


@pytest.mark.parametrize(
    ("fault", "status", "created"),
    [("server_error_before", 503, False), ("server_error_after", 503, True)],
)
async def test_a_server_error_may_hide_an_effect(
    shop: Shop, fault: str, status: int, created: bool
) -> None:
    await shop.plan(fault)
    response = await shop.send("pay", a_pay())
    assert response.status_code == status
    assert "signature" not in response.headers
    assert bool(shop.simulation.register.payments) is created
    assert await shop.injected(fault) == 1
    assert await shop.code("pay", a_pay()) == "U PAYMENT_IN_PROCESS"


@pytest.mark.parametrize(("fault", "created"), [("u_before", False), ("u_after", True)])
async def test_u_for_a_while(shop: Shop, fault: str, created: bool) -> None:
    await shop.plan(fault, times=2)
    assert [await shop.code("pay", a_pay()) for _ in range(2)] == [U_UNKNOWN] * 2
    assert bool(shop.simulation.register.payments) is created
    assert await shop.code("pay", a_pay()) == "U PAYMENT_IN_PROCESS"


async def test_u_for_ever(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("u_for_ever", api="inquiryPayment")
    for _ in range(20):
        assert (await shop.inquire())["result"]["resultCode"] == "UNKNOWN_EXCEPTION"
    assert await shop.code("pay", a_pay()) == "U PAYMENT_IN_PROCESS"


async def test_the_rate_limit_is_answered_three_times(shop: Shop) -> None:
    await shop.plan("rate_limit", payment_request_id=None, order_id="ORDER-1001")
    codes = [await shop.code("pay", a_pay()) for _ in range(4)]
    assert codes == [*["U REQUEST_TRAFFIC_EXCEED_LIMIT"] * 3, "U PAYMENT_IN_PROCESS"]


async def test_an_answer_may_come_unsigned(shop: Shop) -> None:
    await shop.plan("unsigned")
    response = await shop.send("pay", a_pay())
    assert not response.headers.keys() & {"signature", "response-time", "client-id"}


async def test_an_answer_may_be_badly_signed(shop: Shop) -> None:
    await shop.plan("badly_signed")
    with pytest.raises(Exception, match="does not match"):
        await shop.pay()


async def test_a_slow_answer_is_still_right(shop: Shop) -> None:
    await shop.plan("slow")
    assert await shop.code("pay", a_pay()) == "U PAYMENT_IN_PROCESS"


async def test_clock_skew_shifts_every_time_of_the_payment(shop: Shop) -> None:
    await shop.plan("clock_skew", minutes=-30)
    response = await shop.send("pay", a_pay())
    assert response.headers["response-time"] == "2026-09-01T02:30:00-07:00"
    assert response.json()["paymentCreateTime"] == "2026-09-01T02:30:00-07:00"
    await shop.customer("pay")
    assert shop.heard[0].time == "2026-09-01T09:30:00Z"
    assert shop.heard[0].proven


async def test_a_cancel_may_lose_the_race(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("cancel_loses_race")
    assert await shop.cancel() == "F ORDER_STATUS_INVALID"
    assert await shop.status() == "SUCCESS"
    assert await shop.moved() == ["CHARGE 131400"]
    assert await shop.cancel() == "S SUCCESS"


async def test_a_notification_may_overtake_the_response_of_pay(shop: Shop) -> None:
    await shop.plan("paid_before_response")
    answer = await shop.pay()
    assert shop.summaries == ["PAYMENT_RESULT S"]
    assert "normalUrl" in answer
    assert await shop.status() == "SUCCESS"


async def test_a_customer_may_pay_after_the_expiry(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("pay_after_expiry")
    await shop.customer("pay")
    assert await shop.status() == "PROCESSING"
    await shop.wait(minutes=14)
    assert await shop.status() == "FAIL"
    await shop.wait(minutes=1)
    assert await shop.status() == "SUCCESS"
    assert shop.summaries == ["PAYMENT_RESULT F", "PAYMENT_RESULT S"]
    assert await shop.moved() == ["CHARGE 131400"]


async def test_money_that_comes_after_a_cancel_goes_back_by_itself(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("pay_after_cancel")
    await shop.customer("pay")
    await shop.cancel()
    await shop.wait(minutes=1)
    assert await shop.status() == "CANCELLED"
    assert shop.summaries == ["PAYMENT_RESULT S"]
    assert await shop.moved() == ["CHARGE 131400", "REFUND 131400"]


async def test_a_wallet_may_take_another_amount(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("other_amount")
    await shop.customer("pay")
    other = amount("PHP", 131_500)
    assert shop.heard[0].proven
    assert shop.heard[0].body["paymentAmount"] == other
    assert (await shop.inquire())["paymentAmount"] == other
    assert await shop.moved() == ["CHARGE 131500"]
    assert await shop.code("pay", a_pay()) == "U PAYMENT_IN_PROCESS"


async def test_pending_comes_before_success(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("pending_then_s")
    await shop.customer("pay")
    assert await shop.status() == "PENDING"
    assert await shop.moved() == []
    await shop.wait(minutes=1)
    assert await shop.status() == "SUCCESS"
    assert shop.summaries == ["PAYMENT_PENDING S", "PAYMENT_RESULT S"]
    assert await shop.moved() == ["CHARGE 131400"]


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ("notification_lost", []),
        ("notification_doubled", ["PAYMENT_RESULT S", "PAYMENT_RESULT S"]),
        ("f_then_s", ["PAYMENT_RESULT F", "PAYMENT_RESULT S"]),
        ("out_of_order", ["PAYMENT_RESULT S", "PAYMENT_PENDING S"]),
        ("notification_forged", ["forged PAYMENT_RESULT S", "PAYMENT_RESULT S"]),
    ],
)
async def test_what_arrives_of_a_success(
    shop: Shop, fault: str, heard: list[str]
) -> None:
    await shop.pay()
    await shop.plan(fault)
    await shop.customer("pay")
    assert shop.summaries == heard
    assert await shop.injected(fault) == 1
    await shop.wait(hours=25)
    assert shop.summaries == heard


async def test_a_forged_success_may_come_with_a_real_failure(shop: Shop) -> None:
    shop.answer = httpx.Response(401)
    await shop.pay()
    await shop.plan("notification_forged")
    await shop.customer("decline")
    await shop.wait(minutes=2)
    forged, real = "forged PAYMENT_RESULT S", "PAYMENT_RESULT F"
    assert shop.summaries == [forged, real, real]


async def test_a_notification_may_come_late(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("notification_late")
    await shop.customer("pay")
    assert not shop.heard
    await shop.wait(minutes=5)
    assert shop.summaries == ["PAYMENT_RESULT S"]


async def test_magic_amounts_hold_for_two_calls(shop: Shop) -> None:
    unknown = a_pay(paymentAmount=amount("PHP", 9901))
    codes = [await shop.code("pay", unknown) for _ in range(3)]
    assert codes == [U_UNKNOWN, U_UNKNOWN, "U PAYMENT_IN_PROCESS"]
    inquired = {"paymentRequestId": "order-1_2"}
    await shop.pay(**inquired, paymentAmount=amount("PHP", 9903))
    codes = [await shop.code("inquiryPayment", inquired) for _ in range(3)]
    assert codes == [U_UNKNOWN, U_UNKNOWN, "S SUCCESS"]


async def test_faults_are_counted_only_when_they_happen(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("pay_after_cancel")
    await shop.plan("cancel_loses_race")
    assert await shop.injected("cancel_loses_race") == 0


@pytest.mark.parametrize(
    "order",
    [
        {"fault": "cut"},
        {"fault": "cut", "payment_request_id": "a", "order_id": "b"},
        {"fault": "earthquake", "order_id": "b"},
        {"fault": "cut", "order_id": "b", "times": 0},
        {"fault": "clock_skew", "order_id": "b", "minutes": 1_441},
        {"fault": "clock_skew", "order_id": "b", "minutes": -1e300},
    ],
)
async def test_a_senseless_fault_order_is_refused(
    shop: Shop, order: dict[str, Any]
) -> None:
    assert (await shop.http.post("/control/faults", json=order)).status_code == 422


@pytest.mark.parametrize("fault", sorted(set(Fault) - CALL_FAULTS))
async def test_a_fault_that_befalls_no_call_cannot_be_planned_for_an_api(
    shop: Shop, fault: Fault
) -> None:
    order = {"order_id": "b", "fault": fault, "api": "refund"}
    assert (await shop.http.post("/control/faults", json=order)).status_code == 422


@pytest.mark.parametrize(
    "order",
    [
        b'{"order_id": "b", "fault": "clock_skew", "minutes": 1e999}',
        b'{"order_id": "b", "fault": "clock_skew", "minutes": NaN}',
    ],
)
async def test_a_fault_order_that_json_cannot_repeat_is_refused(
    shop: Shop, order: bytes
) -> None:
    headers = {"content-type": "application/json"}
    response = await shop.http.post("/control/faults", content=order, headers=headers)
    assert response.status_code == 422


@pytest.mark.parametrize("minutes", [-1_440, 1_440])
async def test_a_clock_may_be_wrong_by_a_day(shop: Shop, minutes: int) -> None:
    await shop.plan("clock_skew", minutes=minutes)
    expiry = {"paymentExpiryTime": "2027-09-01T10:00:00Z"}
    answer = await shop.pay(**with_wallet("MAYA", "PHP"), **expiry)
    assert answer["result"]["resultCode"] == "PAYMENT_IN_PROCESS"


def planned(seed: int, rate: float, ids: list[str]) -> dict[str, Fault]:
    """Return the first fault that each payment would meet."""
    faults = Faults(seed=seed, rate=rate)
    for payment_request_id in ids:
        faults.meet(payment_request_id)
    waiting = {key: faults.waiting([key], set(Fault)) for key in ids}
    return {key: first.fault for key, first in waiting.items() if first is not None}


def test_a_mix_is_the_same_for_the_same_seed_in_any_order() -> None:
    ids = [f"order-{number}_1" for number in range(500)]
    assert planned(1, 0.3, ids) == planned(1, 0.3, ids[::-1])
    assert planned(1, 0.3, ids) != planned(2, 0.3, ids)
    assert 100 < len(planned(1, 0.3, ids)) < 200
    assert not planned(1, 0.0, ids)
    assert {Fault.U_FOR_EVER, Fault.PAID_TOO_LATE}.isdisjoint(DEFAULT_MIX)


def test_a_seed_still_draws_what_it_drew_when_a_fault_is_added() -> None:
    ids = [f"order-{number}_1" for number in range(12)]
    lost = Fault.NOTIFICATION_LOST
    assert planned(1, 0.3, ids) == {"order-1_1": lost, "order-11_1": lost}


async def test_a_mix_hits_payments_that_come_from_now_on(shop: Shop) -> None:
    mix = {"rate": 0.99, "seed": 7, "faults": ["notification_lost"]}
    assert (await shop.http.post("/control/fault-mix", json=mix)).is_success
    await shop.pay(paymentNotifyUrl=NOTIFY_URL)
    await shop.customer("pay")
    assert not shop.heard
