"""Refunds that persons decided, and contradictions to Alipay's signed messages."""

from collections.abc import Iterator

from audit.history.proofs import Settled
from audit.history.record import Record
from audit.history.refunds import RefundFacts, Said
from audit.history.signed_refunds import BALANCE_TOO_LOW
from contracts import (
    RefundDecision,
    RefundResolution,
    RefundReturn,
    RefundVerdict,
    in_words,
)

_OF_PERSONS = (RefundDecision.GIVEN_BACK, RefundDecision.NOT_GIVEN_BACK)
# The signed outcome that agrees with each decision, and the one that contradicts it.
_AGREES = {
    RefundDecision.GIVEN_BACK: RefundVerdict.REFUNDED,
    RefundDecision.NOT_GIVEN_BACK: RefundVerdict.REFUSED,
}


def refunds_settled_by_persons(facts: RefundFacts, record: Record) -> Settled | None:
    """Return the decisions of persons on the order's refunds; None without any.

    Several are combined: who, why, and the contradictions to Alipay. Decisions that
    Alipay's signature confirms are left out.
    """
    found = [(one, *_outcome_and_reason(one)) for one in _words_of_persons(facts)]
    if not found:
        return None
    people = dict.fromkeys(one.message.by.strip() for one, _, _ in found)
    return Settled(
        workflow_id=record.workflow_id,
        order_id=record.order_id,
        event_id=max(one.event_id for one, _, _ in found),
        outcome=", ".join(dict.fromkeys(outcome for _, outcome, _ in found)),
        by=", ".join(people),
        confirmed_by=None,
        reason="; ".join(dict.fromkeys(reason for _, _, reason in found)),
        against="; ".join(_against(facts, [one for one, _, _ in found])),
    )


def _words_of_persons(facts: RefundFacts) -> Iterator[Said]:
    for said in facts.said:
        message = said.message
        if isinstance(message, RefundReturn):
            yield said
        elif isinstance(message, RefundResolution) and message.outcome in _OF_PERSONS:
            agrees = _AGREES[RefundDecision(message.outcome)]
            if agrees not in _signed(facts, said):
                yield said


def _outcome_and_reason(said: Said) -> tuple[str, str]:
    """Return outcome and reason."""
    message = said.message
    outcome = "RETURNED"
    if isinstance(message, RefundResolution):
        outcome = message.outcome
    reason = getattr(message, "reason", "")
    return f"{said.refund_id} {outcome}", reason


def _against(facts: RefundFacts, found: list[Said]) -> Iterator[str]:
    """Yield the contradictions to Alipay's signed messages."""
    for said in found:
        message = said.message
        if not isinstance(message, RefundResolution):
            continue
        signed = _signed(facts, said)
        amount = facts.amount_of(facts.name_of(said.refund_id))
        money = in_words(amount) if amount else "the amount"
        if message.outcome == RefundDecision.NOT_GIVEN_BACK:
            if RefundVerdict.REFUNDED in signed:
                yield f"Alipay has signed that {money} went back by {said.refund_id}"
        elif RefundVerdict.REFUSED in signed:
            yield f"Alipay has signed that nothing was refunded by {said.refund_id}"


def _signed(facts: RefundFacts, said: Said) -> set[RefundVerdict]:
    """Return the signed outcomes of a refund, except of tries with a later one."""
    words = facts.words_on(facts.name_of(said.refund_id))
    return {one.verdict for one in words if one.code != BALANCE_TOO_LOW}
