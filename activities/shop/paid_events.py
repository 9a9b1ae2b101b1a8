"""Checks an event before it is sent to the shop, above all one that says *paid*.

Otherwise anybody who may start workflows and activities in Temporal could have this
worker sign that any order is paid.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from temporalio import activity
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.inquiry import inquire_within
from activities.our_runs import Callers, OurRuns
from activities.shop.events import QUEUE, check_event
from activities.shop.kept_money import PAID, PAID_EVENTS, KeptMoney
from alipay.client import AlipayClient
from contracts import InquiryVerdict, ShopEvent, SignedEvidence
from translation.evidence import signed_at
from translation.proof import Proof
from visibility.views import KeepsChangingError

# A success proves that money came, and not that it is still there: late money goes back
# by a cancel minutes after it came. A shop that is up is notified within seconds; for
# one that was down longer, Alipay is asked again.
FRESH: Final = timedelta(minutes=15)
# Of the 20 s of `tell_shop` the shop has 8 s, and 2 s go to the checks for earlier
# events: the rest is for these. Temporal answers in milliseconds, and Alipay hardly
# ever needs 5 s.
ONE_LOOK: Final = timedelta(seconds=1)
ALL_LOOKS: Final = timedelta(seconds=4)
INQUIRY: Final = timedelta(seconds=5)
# Errors where a workflow does not answer.
UNANSWERED: Final = (
    RPCError,
    WorkflowQueryFailedError,
    KeepsChangingError,
    TimeoutError,
)


class PaidEvents(Protocol):
    """Checks whether an event may be sent to the shop."""

    async def check(self, event: ShopEvent, evidence: SignedEvidence | None) -> None:
        """Raise unless this event may be sent to the shop.

        Raises:
            ApplicationError: The caller may not send it; or it says that money came,
            and nothing proves it.
        """
        ...


class ProvenPaidEvents:
    """Trusts signed messages, answers of Alipay, and resolutions by a named person."""

    def __init__(
        self, alipay: AlipayClient, client: Client, callers: Callers | None = None
    ) -> None:
        """Take the clients of Alipay and Temporal.

        Args:
            alipay: Answers where nothing else proves an event.
            client: Looks at workflows.
            callers: Finds the origin of callers; by default from Temporal.
        """
        self._alipay = alipay
        self._runs = OurRuns(client, within=ONE_LOOK)
        self._callers = callers or self._runs
        self._kept = KeptMoney(client, self._runs)
        self._proof = Proof(alipay.client_id, alipay.keys)

    async def check(self, event: ShopEvent, evidence: SignedEvidence | None) -> None:
        check_event(event, activity.info())
        in_queue, is_late = activity.info().workflow_type == QUEUE, True
        silent: ApplicationError | None = None
        try:
            async with asyncio.timeout(ALL_LOOKS.total_seconds()):
                _, is_late = await asyncio.gather(
                    self._check_caller(), self._kept.may_be_late_money(event)
                )
                if in_queue and event.type in PAID_EVENTS:
                    await self._kept.check_end(event)
                if await self._is_backed_by_our_runs(event, evidence, is_late=is_late):
                    return
        except UNANSWERED as error:
            silent = ApplicationError(
                f"whether the event is true cannot be looked up: {_name_of(error)}",
                type="RESOLUTION_UNKNOWN",
            )
            if event.type != PAID or in_queue:
                raise silent from None
        # A queue sends only outcomes of our own runs: unless late money went back, a
        # refund was made by the merchant, after that outcome.
        if await self._is_paid(event, even_if_refunded=in_queue and not is_late):
            return
        raise silent or _not_proven(event)

    def _proves(
        self,
        evidence: SignedEvidence | None,
        event: ShopEvent,
        *,
        even_if_refunded: bool = False,
    ) -> bool:
        return evidence is not None and self._proof.proves_paid(
            evidence,
            event.payment_request_id,
            event.amount,
            even_if_refunded=even_if_refunded,
        )

    async def _is_backed_by_our_runs(
        self, event: ShopEvent, evidence: SignedEvidence | None, *, is_late: bool
    ) -> bool:
        """Check the event against our own workflows; False where only Alipay knows.

        Raises:
            ApplicationError: The event must not be sent, whatever Alipay says.
            RPCError: Temporal does not answer.
        """
        if event.type not in PAID_EVENTS:
            return True
        is_fresh = self._proves(evidence, event) and _is_fresh(evidence)
        if event.type == PAID:
            return (is_fresh and not is_late) or await self._kept.is_called_paid(event)
        await self._kept.check_not_paid_otherwise(event)
        is_proven = self._proves(evidence, event, even_if_refunded=True)
        return is_fresh or await self._kept.is_kept_by_a_person(
            event, is_proven=is_proven
        )

    async def _check_caller(self) -> None:
        """Check that our own workers serve the caller, even if the event is proven.

        Raises:
            ApplicationError: They do not, or Temporal does not answer in time.
        """
        caller = activity.info()
        try:
            async with asyncio.timeout(ONE_LOOK.total_seconds()):
                origin = await self._callers.origin_of(caller)
        except TimeoutError:
            raise ApplicationError(
                "the calling run cannot be looked up: Temporal does not answer",
                type="CALLER_UNKNOWN",
            ) from None
        if not origin.is_ours:
            raise ApplicationError(
                f"{caller.workflow_id} is not a workflow that this worker serves",
                type="EVENT_MISFIT",
            )

    async def _is_paid(self, event: ShopEvent, *, even_if_refunded: bool) -> bool:
        """Ask Alipay: events of older releases, and of continued runs, may lack proof.

        Raises:
            ApplicationError: There was no verdict.
        """
        said = await inquire_within(self._alipay, event.payment_request_id, INQUIRY)
        return (
            said.verdict is InquiryVerdict.SUCCESS
            and said.amount == event.amount
            and (even_if_refunded or not said.is_refunded)
        )


def _not_proven(event: ShopEvent) -> ApplicationError:
    name, amount = event.payment_request_id, event.amount
    return ApplicationError(
        f"{event.type} is not proven: Alipay does not call {name} paid with "
        f"{amount.value} {amount.currency} (minor units), and nobody has settled "
        "it by name",
        type="NOT_PROVEN_PAID",
    )


def _is_fresh(evidence: SignedEvidence | None) -> bool:
    at = signed_at(evidence) if evidence else None
    return at is not None and abs(datetime.now(UTC) - at) <= FRESH


def _name_of(error: Exception) -> str:
    return error.status.name if isinstance(error, RPCError) else type(error).__name__
