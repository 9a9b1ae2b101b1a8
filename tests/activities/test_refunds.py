"""Refunds: which answers are results, and which calls are retried."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.exceptions import ApplicationError

from contracts import Money, RefundCall, RefundInquiryCall, RefundVerdict
from tests.activities.asking import Asking, run
from tests.alipay.gateway import signed, unsigned
from tests.samples.reading import changed, sample

REFUND = RefundCall(
    refund_request_id="order-1_1_late",
    payment_id="2026",
    amount=Money(currency="PHP", value=131400),
    reason="Paid after the payment had ended",
)
INQUIRY = RefundInquiryCall(refund_request_id="order-1_1_late")


@pytest.fixture
def asking(merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey) -> Asking:
    return Asking(merchant_key, alipay_key)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("51", RefundVerdict.REFUNDED),
        ("52", RefundVerdict.IN_PROCESS),
        ("53", RefundVerdict.REFUSED),
    ],
)
async def test_a_refund_is_done_taken_on_or_refused(
    asking: Asking, answer: str, verdict: RefundVerdict
) -> None:
    refunds = asking.refunds(signed(asking.alipay_key, sample(answer)))
    assert (await run(refunds.refund_payment, REFUND)).verdict is verdict


async def test_a_repeated_refund_sends_the_same_values(asking: Asking) -> None:
    refunds = asking.refunds(signed(asking.alipay_key, sample("51")))
    for attempt in (1, 2):
        await run(refunds.refund_payment, REFUND, attempt=attempt)
    first, second = (json.loads(request.content) for request in asking.sent)
    assert first == second
    assert first["refundRequestId"] == "order-1_1_late"
    assert first["paymentId"] == "2026"
    assert first["refundAmount"] == {"currency": "PHP", "value": "131400"}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("SUCCESS", RefundVerdict.REFUNDED),
        ("PROCESSING", RefundVerdict.IN_PROCESS),
        ("FAIL", RefundVerdict.REFUSED),
    ],
)
async def test_the_status_of_a_refund_is_data(
    asking: Asking, status: str, verdict: RefundVerdict
) -> None:
    body = changed(sample("55"), refundStatus=status)
    refunds = asking.refunds(signed(asking.alipay_key, body))
    assert (await run(refunds.inquire_refund, INQUIRY)).verdict is verdict


async def test_a_refund_that_does_not_exist_is_data(asking: Asking) -> None:
    refunds = asking.refunds(signed(asking.alipay_key, sample("36")))
    answer = await run(refunds.inquire_refund, INQUIRY)
    assert answer.verdict is RefundVerdict.NOT_EXIST


async def test_a_refund_status_that_is_not_documented_is_asked_for_again(
    asking: Asking,
) -> None:
    body = changed(sample("55"), refundStatus="MAYBE")
    refunds = asking.refunds(signed(asking.alipay_key, body))
    with pytest.raises(ApplicationError) as raised:
        await run(refunds.inquire_refund, INQUIRY)
    assert not raised.value.non_retryable


async def test_no_verdict_on_a_refund_is_asked_for_again(asking: Asking) -> None:
    refunds = asking.refunds(unsigned(b"", status=503))
    for activity, call in (
        (refunds.refund_payment, REFUND),
        (refunds.inquire_refund, INQUIRY),
    ):
        with pytest.raises(ApplicationError) as raised:
            await run(activity, call)  # type: ignore[arg-type]
        assert not raised.value.non_retryable
