"""A shop is told that money came only where Alipay has said so, or a person by name."""

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from activities.paid_events import ProvenPaidEvents
from contracts import (
    InquiryAnswer,
    InquiryCall,
    Money,
    PaymentOutcome,
    ShopEvent,
    SignedEvidence,
)
from tests.alipay.gateway import Answering, a_client, failing, signed
from tests.builders import PRICE, a_notification, a_page, an_event, an_inquiry, an_order
from tests.fakes import FakeAlipay
from tests.signing import Signer, signed_answer, signed_notification
from tests.workflows.running import a_payment

STRANGER = Signer(rsa.generate_private_key(public_exponent=65537, key_size=2048))
UNREACHABLE = failing(httpx.ConnectError("away"))


def the_event(order_id: str, **changes: object) -> ShopEvent:
    name = f"{order_id}_1"
    event = an_event(order_id=order_id, payment_request_id=name, id=f"{name}-paid")
    return ShopEvent.model_validate({**event, **changes})


def answered(event: ShopEvent, said: InquiryAnswer, key: RSAPrivateKey) -> Answering:
    """Let Alipay answer each inquiry like this."""
    call = InquiryCall(payment_request_id=event.payment_request_id)
    evidence = signed_answer(call, said).evidence
    assert evidence is not None
    return signed(key, evidence.answer.body.encode())


def evidence_of(event: ShopEvent, signer: Signer | None = None) -> SignedEvidence:
    success = a_notification(an_order(order_id=event.order_id))
    evidence = signed_notification(success, signer).evidence
    assert evidence is not None
    return evidence


class Checking:
    """Checks events before an Alipay that answers as it is told."""

    def __init__(
        self,
        env: WorkflowEnvironment,
        merchant_key: RSAPrivateKey,
        alipay_key: RSAPrivateKey,
    ) -> None:
        self._env = env
        self._keys = (merchant_key, alipay_key)

    async def check(
        self,
        event: ShopEvent,
        *,
        evidence: SignedEvidence | None = None,
        alipay: Answering | InquiryAnswer = UNREACHABLE,
    ) -> None:
        if isinstance(alipay, InquiryAnswer):
            alipay = answered(event, alipay, self._keys[1])
        client = a_client(alipay, *self._keys)
        await ProvenPaidEvents(client, self._env.client).check(event, evidence)

    async def refusal(
        self,
        event: ShopEvent,
        *,
        evidence: SignedEvidence | None = None,
        alipay: Answering | InquiryAnswer = UNREACHABLE,
    ) -> str | None:
        with pytest.raises(ApplicationError) as refused:
            await self.check(event, evidence=evidence, alipay=alipay)
        return refused.value.type


@pytest.fixture
def events(
    skipping: WorkflowEnvironment,
    merchant_key: RSAPrivateKey,
    alipay_key: RSAPrivateKey,
) -> Checking:
    return Checking(skipping, merchant_key, alipay_key)


async def test_a_success_that_alipay_has_signed_is_told_without_a_question(
    events: Checking,
) -> None:
    event = the_event("signed-1")
    await events.check(event, evidence=evidence_of(event))


async def test_a_shop_is_told_of_no_payment_that_nothing_proves(
    events: Checking,
) -> None:
    event, unpaid = the_event("unproven-1"), an_inquiry("PROCESSING")
    forged = evidence_of(event, STRANGER)
    other = evidence_of(the_event("another-1"))
    for evidence in (None, forged, other):
        refused = await events.refusal(event, evidence=evidence, alipay=unpaid)
        assert refused == "NOT_PROVEN_PAID"


async def test_alipay_is_asked_where_an_event_has_no_evidence(
    events: Checking,
) -> None:
    """Events of older releases have none, and those of a continued run."""
    event, less = the_event("older-1"), Money(currency=PRICE.currency, value=1)
    await events.check(event, alipay=an_inquiry("SUCCESS"))
    other = await events.refusal(event, alipay=an_inquiry("SUCCESS", amount=less))
    assert other == "NOT_PROVEN_PAID"


async def test_while_alipay_does_not_answer_the_event_waits(events: Checking) -> None:
    assert await events.refusal(the_event("silent-1")) == "NoVerdictError"


@pytest.mark.parametrize("kind", ["payment.expired", "late_payment.refunded"])
async def test_an_event_that_has_nothing_delivered_needs_no_proof(
    events: Checking, kind: str
) -> None:
    await events.check(the_event("expired-1", type=kind))


async def test_a_person_who_has_called_it_paid_by_name_is_believed(
    events: Checking, skipping: WorkflowEnvironment
) -> None:
    """As the payment itself records it: an event could name anybody."""
    less = Money(currency=PRICE.currency, value=1)
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    async with a_payment(skipping, alipay) as payment:
        event = the_event(payment.order.order_id)
        unpaid = an_inquiry("FAIL")
        before = await events.refusal(event, alipay=unpaid)
        await payment.notify(amount=less)
        await payment.resolve(PaymentOutcome.PAID)
        await events.check(event, alipay=unpaid)
    assert before == "NOT_PROVEN_PAID"
