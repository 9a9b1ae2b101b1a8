"""Checks runs that did not end by their own code, and their money."""

from collections.abc import Iterator

from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Finding, Rule
from audit.history.proofs import Evidenced, Paid
from audit.history.record import CLOSING, Record
from audit.history.refunds import RefundFacts, facts_of_refunds
from contracts import in_words

# Ended from outside: the code could not react.
FROM_OUTSIDE = ("TERMINATED", "TIMED_OUT")
# Ended without an outcome; the replay shows whether the code did that.
WITHOUT_OUTCOME = (*FROM_OUTSIDE, "FAILED", "CANCELED")


def check_stopped(record: Record, evidenced: Evidenced) -> Iterator[Finding]:
    """Yield a finding for a stopped run; a worse one if Alipay has signed a payment."""
    closing = record.closing
    status = CLOSING[closing.event_type] if closing is not None else ""
    if closing is None or status not in WITHOUT_OUTCOME:
        return
    facts = facts_of_refunds(record, evidenced)
    if facts is not None:
        yield from _refunds_stopped(record, facts, status, closing)
        return
    money = [*_standing(evidenced)]
    if money:
        paid = ", ".join(
            f"{in_words(one.amount)} for {one.request_id}" for one in money
        )
        yield record.found(
            Rule.STOPPED_WITH_MONEY,
            closing.event_id,
            expected=f"a run that handles the payments that Alipay has signed: {paid}",
            seen=_how(status, closing),
        )
    elif status in FROM_OUTSIDE:
        yield _stopped(record, status, closing)


def _stopped(record: Record, status: str, closing: HistoryEvent) -> Finding:
    return record.found(
        Rule.STOPPED,
        closing.event_id,
        expected="a run that ends by its own code",
        seen=_how(status, closing),
    )


def _refunds_stopped(
    record: Record, facts: RefundFacts, status: str, closing: HistoryEvent
) -> Iterator[Finding]:
    """Yield a finding for stopped refunds; a worse one for a sent refund."""
    under_way = {
        one.call.refund_request_id: one.call.amount
        for one in facts.sent
        if not facts.is_known(one.call.refund_request_id)
    }
    if not under_way:
        if status in FROM_OUTSIDE:
            yield _stopped(record, status, closing)
        return
    money = ", ".join(
        f"{in_words(amount)} by {name}" for name, amount in under_way.items()
    )
    yield record.found(
        Rule.STOPPED_WITH_MONEY,
        closing.event_id,
        expected=f"a run that handles refunds that may have taken effect: {money}",
        seen=_how(status, closing),
    )


def _standing(evidenced: Evidenced) -> Iterator[Paid]:
    """Yield each attempt that was paid and not returned in this run."""
    back = {one.request_id for one in evidenced.given_back}
    paid = {
        one.request_id: one
        for one in (*evidenced.unproven, *evidenced.paid)
        if one.request_id not in back
    }
    yield from paid.values()


def _how(status: str, closing: HistoryEvent) -> str:
    ended = closing.workflow_execution_terminated_event_attributes
    if status != "TERMINATED":
        return status
    return (
        f"{status} by {ended.identity or 'nobody named'}: {ended.reason or 'no reason'}"
    )
