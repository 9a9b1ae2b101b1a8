"""A run that did not end by its own code, and the money that stands in it."""

from collections.abc import Iterator

from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Finding, Rule
from audit.history.proofs import Evidenced, Paid
from audit.history.record import CLOSING, Record
from audit.history.refunds import RefundFacts, facts_of_refunds
from contracts import in_words

# Ended from outside: nothing that the code would have done about it was done.
FROM_OUTSIDE = ("TERMINATED", "TIMED_OUT")
# Ended without an outcome; of these two the replay says whether the code wanted it.
WITHOUT_OUTCOME = (*FROM_OUTSIDE, "FAILED", "CANCELED")


def check_stopped(record: Record, evidenced: Evidenced) -> Iterator[Finding]:
    """Yield that a run was stopped; worse where Alipay says that it was paid."""
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
            expected=f"a run that decides about what Alipay calls paid: {paid}",
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
    """Yield the same of refunds; worse where one was sent, and nobody knows its end."""
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
        expected=f"a run that follows what may have gone back: {money}",
        seen=_how(status, closing),
    )


def _standing(evidenced: Evidenced) -> Iterator[Paid]:
    """Yield once each attempt that was paid and not given back in this run."""
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
