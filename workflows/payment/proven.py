"""Keeps the facts that Alipay has signed, which a later run may trust."""

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from contracts import (
    AlipayAnswer,
    CancelAnswer,
    CancelCall,
    CancelVerdict,
    Contract,
    Evidence,
    InquiryAnswer,
    InquiryCall,
    InquiryVerdict,
    PayAnswer,
    PayCall,
    PaymentNotified,
    SignedEvidence,
)
from translation.proof import Proof
from workflows.payment.attempt import Asked, Attempt, Heard
from workflows.payment.bounds import LONGEST_PROOF
from workflows.payment.doubts import find_doubt
from workflows.payment.facts import Facts

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)
# Answers without a decision: Alipay is asked again.
OPEN = (InquiryVerdict.PROCESSING, InquiryVerdict.PENDING)


def with_what_proves_it(said: AnswerT) -> AnswerT:
    """Return an answer with the evidence that a later run, or the shop, may verify.

    Other evidence stays in the history only.
    """
    if said.evidence is None or not _needs_proof(said):
        return said.model_copy(update={"evidence": None})
    if len(said.evidence.answer.body) > LONGEST_PROOF:
        return said.model_copy(update={"evidence": None})
    kept = Evidence(request=SignedEvidence(), answer=said.evidence.answer)
    return said.model_copy(update={"evidence": kept})


def keep_proven(facts: Facts, proof: Proof | None, now: datetime) -> None:
    """Of the facts that an earlier run carried over, keep those that Alipay has signed.

    Even a continued run may continue one of an unknown worker. Of unsigned facts only
    the ids of attempts are kept, as hints. Alipay is asked again about a success, for
    its money may have gone back, unless a person must decide anyway.

    Args:
        facts: The carried facts; changed in place.
        proof: Reads signed messages; None where no key is known yet.
        now: The workflow's time.
    """
    for attempt in facts.attempts:
        _keep_proven_of(attempt, facts, proof)
    # No run is continued after a person has settled it.
    facts.resolution = facts.confirmed_by = None
    if find_doubt(facts) is None:
        for attempt in facts.attempts:
            _drop_paid_reports(attempt, now, is_current=attempt is facts.current)


def _keep_proven_of(attempt: Attempt, facts: Facts, proof: Proof | None) -> None:
    name = attempt.request_id
    asked_for = replace(attempt, pays=[]).expires_at
    pay = PayCall(
        order=facts.order,
        payment_request_id=name,
        wallet=attempt.wallet,
        expires_at=asked_for if facts.order.expires_in_minutes else None,
    )
    cancel = CancelCall(payment_request_id=name, wallet=attempt.wallet)
    inquiry = InquiryCall(payment_request_id=name)
    attempt.pays = [_proven(one, pay, proof) for one in attempt.pays]
    attempt.cancels = [_proven(one, cancel, proof) for one in attempt.cancels]
    attempt.inquiries = [_proven(one, inquiry, proof) for one in attempt.inquiries]
    attempt.heard = [_proven_notification(one, name, proof) for one in attempt.heard]


def _proven(
    asked: Asked[AnswerT], call: Contract, proof: Proof | None
) -> Asked[AnswerT]:
    """Return the call with its answer if that is proven, otherwise without it."""
    said = asked.answer
    if said is None or not _needs_proof(said):
        return asked
    proven = proof.answer(call, said) if proof else None
    return replace(asked, answer=proven)


def _proven_notification(notified: Heard, name: str, proof: Proof | None) -> Heard:
    proven = proof.notification(notified.notification) if proof else None
    if proven is None or proven.payment_request_id != name:
        proven = PaymentNotified(payment_request_id=name)
    kept = proven.model_copy(update={"received_at": None})
    return replace(notified, notification=kept)


def _drop_paid_reports(attempt: Attempt, now: datetime, *, is_current: bool) -> None:
    """Drop reports of a payment, so that an inquiry of this run must repeat them.

    Notifications of other attempts stay: they do not pay the order by themselves, and
    late money deals with them.
    """
    if not any(attempt.successes):
        return
    attempt.inquiries = [
        one
        for one in attempt.inquiries
        if not one.answer or one.answer.verdict is not InquiryVerdict.SUCCESS
    ]
    if is_current:
        attempt.heard = [one for one in attempt.heard if not one.says_paid]
        attempt.add_hint(
            Heard(now, PaymentNotified(payment_request_id=attempt.request_id))
        )


def _needs_proof(said: AlipayAnswer) -> bool:
    """Whether a payment's decisions are based on an answer."""
    match said:
        case InquiryAnswer(verdict=verdict):
            return verdict not in OPEN
        case CancelAnswer(verdict=verdict):
            return verdict is CancelVerdict.CANCELLED
        case PayAnswer():
            return True
    return False
