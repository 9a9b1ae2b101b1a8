"""No paid payment is cancelled, and only the paid amount is refunded."""

import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.exceptions import ApplicationError

from activities.paid_at_alipay import PaidAtAlipay
from contracts import CancelCall, Money, RefundCall
from tests.alipay.gateway import Answering, a_client, failing, signed
from tests.samples.reading import changed, sample

NAME = "order-1_1"
CANCEL = CancelCall(payment_request_id=NAME, wallet="GCASH")
REFUND = RefundCall(
    refund_request_id=f"{NAME}_late",
    payment_id="2026",
    amount=Money(currency="PHP", value=131400),
    reason="late",
)


class Asked:
    """Alipay, which answers each inquiry with a sample, and is asked."""

    def __init__(self, merchant: RSAPrivateKey, alipay: RSAPrivateKey) -> None:
        self._keys = (merchant, alipay)
        self.sent: list[httpx.Request] = []

    def says(self, name: str, **changes: Any) -> PaidAtAlipay:
        named = {"paymentRequestId": NAME, "paymentId": "2026", **changes}
        return self.answers(signed(self._keys[1], changed(sample(name), **named)))

    def answers(self, answering: Answering) -> PaidAtAlipay:
        def noting(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            return answering(request)

        return PaidAtAlipay(a_client(noting, *self._keys))


@pytest.fixture
def alipay(merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey) -> Asked:
    return Asked(merchant_key, alipay_key)


async def test_a_paid_payment_is_not_cancelled_though_the_workflow_believes_it_unpaid(
    alipay: Asked,
) -> None:
    with pytest.raises(ApplicationError) as refused:
        await alipay.says("31").check_unpaid(CANCEL)
    assert refused.value.type == "PAID_NOT_CANCELLED"
    assert refused.value.non_retryable
    (asked,) = alipay.sent
    assert json.loads(asked.content) == {"paymentRequestId": NAME}


@pytest.mark.parametrize("inquired", ["32", "33", "34", "35", "36"])
async def test_an_unpaid_payment_in_any_state_may_be_cancelled(
    inquired: str, alipay: Asked
) -> None:
    await alipay.says(inquired).check_unpaid(CANCEL)
    assert len(alipay.sent) == 1


async def test_nothing_is_asked_where_nothing_would_be_sent(alipay: Asked) -> None:
    forbidden = CANCEL.model_copy(update={"wallet": "DANA"})
    await alipay.says("31").check_unpaid(forbidden)
    assert alipay.sent == []


async def test_no_money_is_moved_while_alipay_does_not_answer(
    alipay: Asked,
) -> None:
    silent = alipay.answers(failing(httpx.ReadTimeout("slow")))
    for check in (silent.check_unpaid(CANCEL), silent.check_refund(REFUND, NAME)):
        with pytest.raises(ApplicationError) as failed:
            await check
        assert failed.value.type == "NoVerdictError"
        assert not failed.value.non_retryable


async def test_an_answer_about_another_payment_says_nothing(alipay: Asked) -> None:
    other = alipay.says("32", paymentRequestId="order-2_1")
    with pytest.raises(ApplicationError, match="another payment"):
        await other.check_unpaid(CANCEL)


@pytest.mark.parametrize("status", ["SUCCESS", "CANCELLED"])
async def test_a_paid_payment_may_be_refunded(status: str, alipay: Asked) -> None:
    """Also a cancelled one: Alipay refuses the refund, and its refusal is returned."""
    await alipay.says("31", paymentStatus=status).check_refund(REFUND, NAME)


@pytest.mark.parametrize(
    "asked",
    [
        {"payment_id": "2027"},
        {"amount": Money(currency="PHP", value=131401)},
        {"amount": Money(currency="USD", value=131400)},
    ],
    ids=str,
)
async def test_only_the_paid_amount_is_refunded_whatever_the_call_says(
    asked: dict[str, Any], alipay: Asked
) -> None:
    call = REFUND.model_copy(update=asked)
    with pytest.raises(ApplicationError, match="no money is moved") as refused:
        await alipay.says("31").check_refund(call, NAME)
    assert (refused.value.type, refused.value.non_retryable) == ("REFUND_DIFFERS", True)


@pytest.mark.parametrize("status", ["PROCESSING", "FAIL", "PENDING"])
async def test_nothing_is_refunded_that_alipay_does_not_call_paid(
    status: str, alipay: Asked
) -> None:
    with pytest.raises(ApplicationError, match="no money is moved"):
        await alipay.says("31", paymentStatus=status).check_refund(REFUND, NAME)
