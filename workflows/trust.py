"""Verifies, in the workflow, that Alipay has signed a message, with the run's keys."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar, cast

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    is_cancelled_exception,
)

from activities.trust import TrustActivities
from contracts import (
    AlipayAnswer,
    AlipayTrust,
    Contract,
    LateCarried,
    LatePaymentInput,
    Order,
    PaymentNotified,
    SignedEvidence,
)
from translation.proof import Proof, was_signed_since
from workflows.engine.results import read_result
from workflows.payment.facts import Facts
from workflows.payment.proven import keep_proven, with_what_proves_it
from workflows.releases import PROOF_IS_VERIFIED

# A message that names an unknown key version may be forged: the worker is asked for
# newer keys at most this often.
RENEWAL_GAP = timedelta(minutes=1)
# An older notification proves that money came, and not that it is still there: then
# Alipay is asked. Whether its repeats, up to a day later, carry a new time is not known
# (docs/protocol.md).
FRESH = timedelta(minutes=5)
# How far Alipay's clock may be behind the server's before an answer counts as older
# than its call.
SKEW = timedelta(minutes=15)

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)
ReadT = TypeVar("ReadT")


class Trust(Protocol):
    """Decides which messages are proven."""

    async def notification(self, said: PaymentNotified) -> PaymentNotified | None:
        """Return the proven content of a notification; None without proof."""
        ...

    async def answer(
        self, call: Contract, said: AnswerT, asked_at: datetime
    ) -> AnswerT | None:
        """Return the proven content of an answer; None where it gives no verdict.

        The evidence stays with it where a later run, or the shop, needs the proof.
        """
        ...

    def facts_at_start(self, order: Order) -> Facts:
        """Return the facts with which a run begins."""
        ...

    def late_money_at_start(self, late: LatePaymentInput) -> LateCarried | None:
        """Return the state that an earlier run of the same late money carried over."""
        ...


class FieldsTrust:
    """Believes the fields beside the evidence, as runs of older releases did."""

    async def notification(self, said: PaymentNotified) -> PaymentNotified | None:
        return said.model_copy(update={"evidence": None})

    async def answer(
        self, call: Contract, said: AnswerT, asked_at: datetime
    ) -> AnswerT | None:
        return said.model_copy(update={"evidence": None})

    def facts_at_start(self, order: Order) -> Facts:
        return Facts.of(order, workflow.now())

    def late_money_at_start(self, late: LatePaymentInput) -> LateCarried | None:
        return late.carried


class SignedTrust:
    """Believes only messages that Alipay has signed with one of the run's keys."""

    def __init__(self, trust: AlipayTrust | None) -> None:
        """Take the keys from the run's input.

        Raises:
            MissingAlipayKeyError: One of them is not configured any more. It fails the
                workflow task, which succeeds once the key is back.
        """
        self._proof = Proof.by(trust) if trust else None
        self._asked_at: datetime | None = None
        self._times_asked = 0
        self._is_asking = False

    async def notification(self, said: PaymentNotified) -> PaymentNotified | None:
        evidence = said.evidence
        if evidence is None:
            return None
        proven = await self._by_known_or_new_keys(
            evidence, lambda proof: proof.notification(said)
        )
        # An old notification is proven too, but its money may have gone back since.
        if proven is None or not was_signed_since(
            evidence, workflow.now() - FRESH, if_unreadable=False
        ):
            return None
        return proven

    async def answer(
        self, call: Contract, said: AnswerT, asked_at: datetime
    ) -> AnswerT | None:
        evidence = said.evidence.answer if said.evidence else SignedEvidence()
        proven = await self._by_known_or_new_keys(
            evidence, lambda proof: proof.answer(call, said)
        )
        # An attacker may replay an older answer of Alipay.
        if proven is None or not was_signed_since(
            evidence, asked_at - SKEW, if_unreadable=True
        ):
            return None
        return with_what_proves_it(proven)

    def facts_at_start(self, order: Order) -> Facts:
        now = workflow.now()
        facts = Facts.of(order, now, believes_carried=continues_another_run())
        if order.carried is not None and continues_another_run():
            keep_proven(facts, self._proof, now)
        return facts

    def late_money_at_start(self, late: LatePaymentInput) -> LateCarried | None:
        carried = late.carried
        if carried is None or not continues_another_run():
            return None
        # Our runs never continue after their end, on which other workflows rely.
        view = carried.view.model_copy(update={"outcome": None, "resolved": None})
        return carried.model_copy(update={"view": view})

    async def _by_known_or_new_keys(
        self, evidence: SignedEvidence, read: Callable[[Proof], ReadT | None]
    ) -> ReadT | None:
        """Read with the run's keys; where these do not verify it, with newer ones.

        Raises:
            MissingAlipayKeyError: See `__init__`.
        """
        if self._proof and (proven := read(self._proof)) is not None:
            return proven
        if self._proof and self._proof.verifies(evidence):
            return None  # Alipay has signed it, and it is about something else
        # An unsigned refusal needs no newer key.
        needs_keys = self._proof is None or bool(evidence.signature)
        if needs_keys and await self._learns_of_more_keys() and self._proof:
            return read(self._proof)
        return None

    async def _learns_of_more_keys(self) -> bool:
        """Ask for newer keys, once a minute at most; return whether it has asked."""
        if self._is_asking:
            await workflow.wait_condition(lambda: not self._is_asking)
            return True
        now = workflow.now()
        if self._asked_at is not None and now - self._asked_at < RENEWAL_GAP:
            return False
        self._asked_at, self._is_asking = now, True
        self._times_asked += 1
        try:
            trust = await _ask_whom_to_trust()
            proof = _proof_on_record(trust, self._times_asked) if trust else None
            self._proof = proof or self._proof
        finally:
            self._is_asking = False
        return True


class TrustOfOlderRun:
    """Believes fields where the history shows that an older worker did so.

    Messages that arrive after the upgrade must be signed, also after a reset.
    """

    def __init__(self, trust: AlipayTrust | None) -> None:
        """Take the keys of the input, which an older API does not name."""
        self._signed = SignedTrust(trust)
        self._fields = FieldsTrust()
        self._times = 0

    async def notification(self, said: PaymentNotified) -> PaymentNotified | None:
        return await self._now().notification(said)

    async def answer(
        self, call: Contract, said: AnswerT, asked_at: datetime
    ) -> AnswerT | None:
        return await self._now().answer(call, said, asked_at)

    def facts_at_start(self, order: Order) -> Facts:
        return self._fields.facts_at_start(order)

    def late_money_at_start(self, late: LatePaymentInput) -> LateCarried | None:
        return self._fields.late_money_at_start(late)

    def _now(self) -> Trust:
        # Each time under another patch id: on replay the first would stay False.
        self._times += 1
        verifies = workflow.patched(f"proof-is-verified-{self._times}")
        return self._signed if verifies else self._fields


def continues_another_run() -> bool:
    """Whether the server says that this run was continued as new.

    It says so of scheduled and retried runs as well, whose input is the first run's and
    may have been written by anybody. Ours are never started so.
    """
    info = workflow.info()
    is_repeated = bool(info.cron_schedule or info.retry_policy)
    return info.continued_run_id is not None and not is_repeated


def _proof_on_record(trust: AlipayTrust, times: int) -> Proof | None:
    """Return a reader with the keys that the activity named, if this worker holds them.

    Somebody else may have completed the activity and named any key. So a worker that
    holds all of them writes a marker, which only a worker can; later workers rely on
    it.

    Raises:
        MissingAlipayKeyError: An earlier worker held them, and this one does not.
    """
    is_first_time = not workflow.unsafe.is_replaying()
    if is_first_time and not Proof.is_possible_by(trust):
        workflow.logger.warning("ignored keys that this worker does not hold")
        return None
    is_on_record = workflow.patched(f"alipay-keys-are-known-{times}")
    return Proof.by(trust) if is_on_record else None


async def _ask_whom_to_trust() -> AlipayTrust | None:
    """Ask the worker for its keys; None for a malformed result."""
    try:
        raw = await workflow.execute_activity(
            TrustActivities.whom_to_trust.__name__,
            result_type=RawValue,
            summary="Ask which keys of Alipay are known by now",
            start_to_close_timeout=timedelta(seconds=5),
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        return None
    return read_result(cast(RawValue, raw), AlipayTrust)


def trust_of(release: int, trust: AlipayTrust | None) -> Trust:
    """Return the rules by which a run trusts messages.

    A run that claims to be of an older release believes nothing unsigned either, unless
    its history shows that it got there before this release was deployed: otherwise
    anybody who starts or resets a workflow could choose the weaker rules.

    Raises:
        MissingAlipayKeyError: See `SignedTrust`.
    """
    if release >= PROOF_IS_VERIFIED or workflow.patched("proof-is-verified"):
        return SignedTrust(trust)
    return TrustOfOlderRun(trust)


def check_workflow_id(trust: Trust, expected: str) -> None:
    """End a run whose input belongs to another workflow id: it would not be found.

    Raises:
        ApplicationError: It fails the run before the first call to Alipay.
    """
    name = workflow.info().workflow_id
    if name != expected and isinstance(trust, SignedTrust):
        raise ApplicationError(
            f"workflow id: {name!r} does not fit the input, whose workflow is "
            f"{expected!r}",
            type="WRONG_WORKFLOW_ID",
            non_retryable=True,
        )
