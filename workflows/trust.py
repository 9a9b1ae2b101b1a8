"""What a workflow believes: Alipay's signed words, read with recorded keys."""

from datetime import datetime, timedelta
from typing import Protocol, TypeVar, cast

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.trust import TrustActivities
from contracts import (
    AlipayAnswer,
    AlipayTrust,
    Contract,
    PaymentNotified,
    SignedEvidence,
)
from translation.proof import Proof
from workflows.releases import PROOF_IS_VERIFIED

# A message that names an unknown key version may be forged: at most this often the
# worker is asked whether it knows more keys by now.
RENEWAL_GAP = timedelta(minutes=1)

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)
ContractT = TypeVar("ContractT", bound=Contract)


class Trust(Protocol):
    """Tells proof from what only claims to be.

    Attributes:
        verifies: Whether it verifies signatures.
    """

    verifies: bool

    async def notification(self, said: PaymentNotified) -> PaymentNotified | None:
        """Return what a notification proves; None where it is a hint at most."""
        ...

    async def answer(self, call: Contract, said: AnswerT) -> AnswerT | None:
        """Return what an answer proves of the call; None where it is no verdict."""
        ...


class FieldsTrust:
    """Believes the fields beside the evidence, as runs of older releases do."""

    verifies = False

    async def notification(self, said: PaymentNotified) -> PaymentNotified | None:
        return said

    async def answer(self, call: Contract, said: AnswerT) -> AnswerT | None:
        return said


class SignedTrust:
    """Believes only what Alipay has signed, with one of the keys on record."""

    verifies = True

    def __init__(self, trust: AlipayTrust | None) -> None:
        """Take the keys that stand in the run's input.

        Raises:
            MissingAlipayKeyError: One of them is not configured any more. It fails the
                workflow task, which goes on when the key is back.
        """
        self._proof = Proof.by(trust) if trust else None
        self._asked_at: datetime | None = None

    async def notification(self, said: PaymentNotified) -> PaymentNotified | None:
        if said.evidence is None:
            return None
        proof = await self._proof_for(said.evidence)
        return proof.notification(said) if proof else None

    async def answer(self, call: Contract, said: AnswerT) -> AnswerT | None:
        evidence = said.evidence.answer if said.evidence else SignedEvidence()
        proof = await self._proof_for(evidence)
        return proof.answer(call, said) if proof else None

    async def _proof_for(self, evidence: SignedEvidence) -> Proof | None:
        """Return what reads with the keys on record; asks where they do not suffice.

        Raises:
            MissingAlipayKeyError: See `__init__`.
        """
        if self._proof and self._proof.knows_key_of(evidence):
            return self._proof
        now = workflow.now()
        if self._asked_at is None or now - self._asked_at >= RENEWAL_GAP:
            self._asked_at = now
            if trust := await _ask_whom_to_trust():
                self._proof = Proof.by(trust)
        return self._proof


async def _ask_whom_to_trust() -> AlipayTrust | None:
    """Ask the worker; None for a result that somebody else has made of it."""
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


def read_result(raw: RawValue, gives: type[ContractT]) -> ContractT | None:
    """Read an activity's result; None for one of another shape.

    Left to the SDK, such a result would fail each attempt to go on, for ever.
    """
    try:
        return workflow.payload_converter().from_payload(raw.payload, gives)
    except Exception:  # whatever a payload of the wrong shape makes of a converter
        workflow.logger.warning("an answer of the wrong shape counts as no verdict")
        return None


def trust_of(release: int, trust: AlipayTrust | None) -> Trust:
    """Return what a run believes.

    Also a run that says it is of an older release believes nothing unsigned, unless its
    history shows that it began before this release came: otherwise whoever starts a
    workflow could choose the weaker rules.

    Raises:
        MissingAlipayKeyError: See `SignedTrust`.
    """
    if release >= PROOF_IS_VERIFIED or workflow.patched("proof-is-verified"):
        return SignedTrust(trust)
    return FieldsTrust()
