"""The activities: which answers are results, and which calls Temporal retries."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.exceptions import ApplicationError

from activities.payments import PaymentActivities, may_cancel
from activities.verdicts import TRAFFIC_PAUSE
from contracts import (
    CancelCall,
    CancelVerdict,
    InquiryCall,
    InquiryVerdict,
    Money,
    PayVerdict,
)
from tests.activities.asking import Asking, a_pay_call, run
from tests.alipay.gateway import Answering, failing, signed, unsigned
from tests.builders import an_order
from tests.samples.reading import changed, sample

INQUIRY = InquiryCall(payment_request_id="order-1_1")
CANCEL = CancelCall(payment_request_id="order-1_1", wallet="GCASH")


@pytest.fixture
def asking(merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey) -> Asking:
    return Asking(merchant_key, alipay_key)


def refusing(key: RSAPrivateKey, code: str, message: str | None = "no") -> Answering:
    result = {"resultStatus": "F", "resultCode": code, "resultMessage": message}
    return signed(key, changed(b"{}", result=result))


# ---- pay ----


async def test_a_page_opens_the_payment(asking: Asking) -> None:
    activities = asking.activities(signed(asking.alipay_key, sample("05")))
    answer = await run(activities.pay, a_pay_call(an_order()))
    assert answer.verdict is PayVerdict.OPENED
    assert answer.certain
    assert answer.payment_id == "202609011940108001001880000000011"
    assert answer.cashier is not None
    assert answer.result_code == "PAYMENT_IN_PROCESS"


async def test_an_answer_without_a_page_opens_nothing(asking: Asking) -> None:
    activities = asking.activities(signed(asking.alipay_key, sample("06")))
    answer = await run(activities.pay, a_pay_call(an_order()))
    assert answer.verdict is PayVerdict.NO_PAGE
    assert answer.cashier is None
    assert answer.payment_id is not None


@pytest.mark.parametrize("attempt", [1, 2, 5])
@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("RISK_REJECT", PayVerdict.REFUSED),
        ("PARAM_ILLEGAL", PayVerdict.REFUSED),
        ("INVENTED_NEXT_YEAR", PayVerdict.REFUSED),
        ("ORDER_IS_CLOSED", PayVerdict.ID_IS_DEAD),
        ("ORDER_IS_CANCELED", PayVerdict.ID_IS_DEAD),
        ("REPEAT_REQ_INCONSISTENT", PayVerdict.ID_DIFFERS),
    ],
)
async def test_a_refusal_is_data_and_certain_only_on_the_first_try(
    code: str, verdict: PayVerdict, attempt: int, asking: Asking
) -> None:
    activities = asking.activities(refusing(asking.alipay_key, code))
    answer = await run(activities.pay, a_pay_call(an_order()), attempt=attempt)
    assert answer.verdict is verdict
    assert (answer.result_code, answer.result_message) == (code, "no")
    assert answer.certain is (attempt == 1)


# ---- inquiry ----


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("31", InquiryVerdict.SUCCESS, "SUCCESS"),
        ("32", InquiryVerdict.PROCESSING, "PAYMENT_IN_PROCESS"),
        ("33", InquiryVerdict.FAIL, "PROCESS_FAIL"),
        # `paymentResultCode` is SUCCESS here, and must not be taken for the status.
        ("34", InquiryVerdict.CANCELLED, "SUCCESS"),
        ("35", InquiryVerdict.PENDING, ""),
    ],
)
async def test_the_status_of_the_payment_is_data(
    name: str, verdict: InquiryVerdict, code: str, asking: Asking
) -> None:
    activities = asking.activities(signed(asking.alipay_key, sample(name)))
    answer = await run(activities.inquire_payment, INQUIRY)
    assert answer.verdict is verdict
    assert answer.result_code == code
    assert answer.amount in (
        Money(currency="PHP", value=131400),
        Money(currency="PLN", value=1212),
    )
    assert (answer.paid_at is not None) is (name == "31")


async def test_an_order_that_does_not_exist_is_data(asking: Asking) -> None:
    activities = asking.activities(signed(asking.alipay_key, sample("36")))
    answer = await run(activities.inquire_payment, INQUIRY)
    assert answer.verdict is InquiryVerdict.NOT_EXIST
    assert answer.amount is None


@pytest.mark.parametrize("code", ["KEY_NOT_FOUND", "INVALID_SIGNATURE", "MYSTERY"])
async def test_a_failed_inquiry_says_nothing_of_the_payment(
    code: str, asking: Asking
) -> None:
    activities = asking.activities(refusing(asking.alipay_key, code))
    with pytest.raises(ApplicationError) as error:
        await run(activities.inquire_payment, INQUIRY)
    assert error.value.type == code
    assert not error.value.non_retryable


@pytest.mark.parametrize("status", [None, "", "success", "REFUNDED", "NOT_EXIST"])
async def test_a_status_that_is_not_documented_is_asked_for_again(
    status: str | None, asking: Asking
) -> None:
    body = changed(sample("31"), paymentStatus=status)
    activities = asking.activities(signed(asking.alipay_key, body))
    with pytest.raises(ApplicationError) as error:
        await run(activities.inquire_payment, INQUIRY)
    assert error.value.type == "UNKNOWN_PAYMENT_STATUS"
    assert not error.value.non_retryable


# ---- cancel ----


async def test_a_cancel_is_data(asking: Asking) -> None:
    activities = asking.activities(signed(asking.alipay_key, sample("41")))
    answer = await run(activities.cancel_payment, CANCEL)
    assert answer.verdict is CancelVerdict.CANCELLED


async def test_a_refused_cancel_is_data(asking: Asking) -> None:
    activities = asking.activities(signed(asking.alipay_key, sample("42")))
    answer = await run(activities.cancel_payment, CANCEL, attempt=3)
    assert answer.verdict is CancelVerdict.REFUSED
    assert answer.result_code == "CANCEL_WINDOW_EXCEED"


async def test_a_wallet_that_cannot_be_cancelled_is_not_even_asked(
    asking: Asking,
) -> None:
    activities = asking.activities(signed(asking.alipay_key, sample("41")))
    call = CancelCall(payment_request_id="order-1_1", wallet="DANA")
    answer = await run(activities.cancel_payment, call)
    assert answer.verdict is CancelVerdict.NOT_ALLOWED
    assert asking.sent == []


# ---- no verdict ----

TRAFFIC = changed(
    b"{}", result={"resultStatus": "U", "resultCode": "REQUEST_TRAFFIC_EXCEED_LIMIT"}
)

Question = Callable[[PaymentActivities], Awaitable[object]]
QUESTIONS: dict[str, Question] = {
    "pay": lambda activities: run(activities.pay, a_pay_call(an_order())),
    "inquire_payment": lambda activities: run(activities.inquire_payment, INQUIRY),
    "cancel_payment": lambda activities: run(activities.cancel_payment, CANCEL),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize(
    ("answering", "kind"),
    [
        (failing(httpx.ReadTimeout("slow")), "NoVerdictError"),
        (failing(httpx.ConnectError("refused")), "NoVerdictError"),
        (unsigned(b"", status=503), "NoVerdictError"),
        (unsigned(b"<html>"), "NoVerdictError"),
        (unsigned(sample("10")), "NoVerdictError"),
        (unsigned(sample("41")), "UnprovenResponseError"),
        (unsigned(TRAFFIC), "TrafficExceededError"),
    ],
    ids=["slow", "refused", "503", "HTML", "U", "unproven", "traffic"],
)
async def test_no_verdict_is_repeated_by_temporal(
    ask: Question, answering: Answering, kind: str, asking: Asking
) -> None:
    activities = asking.activities(answering)
    with pytest.raises(ApplicationError) as error:
        await ask(activities)
    assert error.value.type == kind
    assert not error.value.non_retryable
    # Only where Alipay asks for it is the pause longer than the ordinary one.
    is_crowded = kind == "TrafficExceededError"
    assert error.value.next_retry_delay == (TRAFFIC_PAUSE if is_crowded else None)
    assert len(asking.sent) == 1


async def test_a_repeat_sends_the_same_values(asking: Asking) -> None:
    activities = asking.activities(signed(asking.alipay_key, sample("05")))
    call = a_pay_call(an_order())
    for attempt in (1, 2):
        await run(activities.pay, call, attempt=attempt)
    first, second = asking.sent
    assert first.content == second.content


@pytest.mark.parametrize("paid_at", ["", "yesterday", "2026-11-24T03:02:40"])
def test_a_time_of_payment_that_cannot_be_read_leaves_the_window_to_alipay(
    paid_at: str,
) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    call = CancelCall(payment_request_id="o_1", wallet="GCASH", paid_at=paid_at)
    assert may_cancel(call, now)
    assert not may_cancel(call.model_copy(update={"wallet": "DANA"}), now)
    assert may_cancel(call.model_copy(update={"wallet": ""}), now)


def test_a_paid_payment_is_cancelled_only_inside_its_wallets_window() -> None:
    paid_at = "2026-11-24T23:59:00+08:00"
    call = CancelCall(payment_request_id="o_1", wallet="GCASH", paid_at=paid_at)
    closes = datetime(2026, 11, 24, 16, 15, tzinfo=UTC)
    assert may_cancel(call, closes - timedelta(seconds=1))
    assert not may_cancel(call, closes)
