"""A run that did not end by its own code, and the money that stands in it."""

from collections.abc import Iterator

from temporalio.api.history.v1 import HistoryEvent

from audit.findings import Finding, Rule
from audit.history.proofs import Evidenced, Paid
from audit.history.record import CLOSING, Record
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
        yield record.found(
            Rule.STOPPED,
            closing.event_id,
            expected="a run that ends by its own code",
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
