"""Whether an event may tell the shop that money came: Alipay's word, or a person's.

Whoever may start workflows and activities in Temporal could otherwise have any order
called paid, and this worker would sign it.
"""

from datetime import timedelta
from typing import Protocol, TypeVar

from pydantic import BaseModel
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from alipay.client import AlipayClient
from alipay.errors import NoVerdictError, RejectedError
from contracts import (
    InquiryVerdict,
    LateOutcome,
    LatePaymentView,
    PaymentOutcome,
    PaymentView,
    ShopEvent,
    SignedEvidence,
    late_payment_id,
    workflow_id,
)
from translation.answers import from_inquiry_response
from translation.proof import Proof
from visibility.views import look_up, newest_run

# The events after which a shop delivers.
PAID_EVENTS = ("payment.paid", "late_payment.honoured")
# Temporal answers in milliseconds; the shop needs the rest of the activity's time.
PATIENCE = timedelta(seconds=1)

ViewT = TypeVar("ViewT", bound=BaseModel)


class PaidEvents(Protocol):
    """Knows whether an event may say that money came."""

    async def check(self, event: ShopEvent, evidence: SignedEvidence | None) -> None:
        """Return only if nothing speaks against telling the shop this event.

        Raises:
            ApplicationError: It says that money came, and nothing proves it.
        """
        ...


class ProvenPaidEvents:
    """Believes what Alipay has signed, or says when asked; or a person by name."""

    def __init__(self, alipay: AlipayClient, client: Client) -> None:
        self._alipay = alipay
        self._client = client
        self._proof = Proof(alipay.client_id, alipay.keys)

    async def check(self, event: ShopEvent, evidence: SignedEvidence | None) -> None:
        if event.type not in PAID_EVENTS:
            return
        name, amount = event.payment_request_id, event.amount
        if evidence and self._proof.proves_paid(evidence, name, amount):
            return
        if await self._is_decided_by_a_person(event) or await self._is_paid(event):
            return
        raise ApplicationError(
            f"{event.type} is not proven: Alipay does not call {name} paid with "
            f"{amount.value} {amount.currency} (minor units), and nobody has settled "
            "it by name",
            type="NOT_PROVEN_PAID",
        )

    async def _is_paid(self, event: ShopEvent) -> bool:
        """Ask Alipay: events of older releases, and of continued runs, have no proof.

        Raises:
            ApplicationError: There was no verdict.
        """
        try:
            response = await self._alipay.inquire_payment(event.payment_request_id)
        except RejectedError:
            return False
        except NoVerdictError as error:
            raise ApplicationError(
                f"whether the order is paid cannot be asked: {error}",
                type=type(error).__name__,
            ) from None
        said = from_inquiry_response(response)
        return (
            said is not None
            and said.verdict is InquiryVerdict.SUCCESS
            and said.amount == event.amount
        )

    async def _is_decided_by_a_person(self, event: ShopEvent) -> bool:
        """Look at the workflow itself: what stands in the event anybody could write."""
        try:
            if event.type == "payment.paid":
                payment = await self._look(workflow_id(event.order_id), PaymentView)
                is_paid = payment and payment.outcome is PaymentOutcome.PAID
                return bool(is_paid and payment and payment.resolved)
            name = late_payment_id(event.payment_request_id)
            late = await self._look(name, LatePaymentView)
            is_kept = late and late.outcome is LateOutcome.HONOURED
            return bool(is_kept and late and late.resolved)
        except RPCError as error:
            raise ApplicationError(
                f"who has settled it cannot be told: {error.status.name}",
                type="RESOLUTION_UNKNOWN",
            ) from None

    async def _look(self, name: str, kind: type[ViewT]) -> ViewT | None:
        if await newest_run(self._client, name, within=PATIENCE) is None:
            return None
        return (await look_up(self._client, name, kind, within=PATIENCE)).view
