"""The facts of a payment that Alipay has signed, so that a later run may trust them."""

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
# Answers that decide nothing: Alipay is asked again.
OPEN = (InquiryVerdict.PROCESSING, InquiryVerdict.PENDING)


def with_what_proves_it(said: AnswerT) -> AnswerT:
    """Return the evidence that a later run, or the shop, may have to verify.

    The rest stays in the history.
    """
    if said.evidence is None or not _needs_proof(said):
        return said.model_copy(update={"evidence": None})
    if len(said.evidence.answer.body) > LONGEST_PROOF:
        return said.model_copy(update={"evidence": None})
    kept = Evidence(request=SignedEvidence(), answer=said.evidence.answer)
    return said.model_copy(update={"evidence": kept})


def keep_proven(facts: Facts, proof: Proof | None, now: datetime) -> None:
    """Keep, of facts that an earlier run has carried over, what Alipay has signed.

    That the run goes on from another one does not say who has run that one. Of the rest
    only the names of attempts are taken, as hints. A success is asked about anew, for
    its money may have gone back, but where a person must decide anyway.

    Args:
        facts: As they were carried; changed in place.
        proof: Reads what Alipay has signed; None where no key is known yet.
        now: The workflow's time.
    """
    for attempt in facts.attempts:
        _keep_proven_of(attempt, facts, proof)
    # No run is continued after a person has settled it.
    facts.resolution = facts.confirmed_by = None
    if find_doubt(facts) is None:
        for attempt in facts.attempts:
            _ask_anew(attempt, now, is_current=attempt is facts.current)


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
    attempt.heard = [_heard(one, name, proof) for one in attempt.heard]


def _proven(
    asked: Asked[AnswerT], call: Contract, proof: Proof | None
) -> Asked[AnswerT]:
    """Return the question with the answer that is proven; without one otherwise."""
    said = asked.answer
    if said is None or not _needs_proof(said):
        return asked
    told = proof.answer(call, said) if proof else None
    return replace(asked, answer=told)


def _heard(heard: Heard, name: str, proof: Proof | None) -> Heard:
    told = proof.notification(heard.notification) if proof else None
    if told is None or told.payment_request_id != name:
        told = PaymentNotified(payment_request_id=name)
    kept = told.model_copy(update={"received_at": None})
    return replace(heard, notification=kept)


def _ask_anew(attempt: Attempt, now: datetime, *, is_current: bool) -> None:
    """Let only an inquiry of this run say that an attempt is paid.

    What was notified of another attempt stays: that does not pay the order by itself,
    and late money follows it.
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
        attempt.hint(Heard(now, PaymentNotified(payment_request_id=attempt.request_id)))


def _needs_proof(said: AlipayAnswer) -> bool:
    """Whether a payment's decisions rest on an answer."""
    match said:
        case InquiryAnswer(verdict=verdict):
            return verdict not in OPEN
        case CancelAnswer(verdict=verdict):
            return verdict is CancelVerdict.CANCELLED
        case PayAnswer():
            return True
    return False
