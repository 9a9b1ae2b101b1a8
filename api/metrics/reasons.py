"""The reasons why something is stuck, and the filter of Temporal's list for each."""

from datetime import datetime
from typing import Final

from contracts import TASK_QUEUE
from visibility import NEEDS_ATTENTION, NeedsAttention
from visibility.runbook import REFUND_CHAPTERS
from visibility.stuck import (
    ATTENTIONS,
    KINDS_OF_REFUNDS,
    OPEN,
    Kind,
    condition_of,
    filter_of,
)

WORKFLOW_TASK_FAILS: Final = "WORKFLOW_TASK_FAILS"
PAUSED_BY_SOMEBODY: Final = "PAUSED"
ON_ANOTHER_QUEUE: Final = "FOREIGN_QUEUE"

_REFUNDS: Final = 'WorkflowType = "OrderRefunds"'
_NO_REFUNDS: Final = 'WorkflowType != "OrderRefunds"'
_OWN_QUEUE: Final = f'TaskQueue = "{TASK_QUEUE}"'
_ON_COURSE: Final = f"{_OWN_QUEUE} AND TemporalPauseInfo IS NULL"
_WORKS: Final = f"{OPEN} AND TemporalReportedProblems IS NULL AND {_ON_COURSE}"
_OF_REFUNDS_ALONE: Final = [ATTENTIONS[kind] for kind in KINDS_OF_REFUNDS]


def queries_of_stuck(now: datetime) -> dict[str, str]:
    """Return the filter for each reason; no payment matches two filters.

    Filters for waits leave refunds out, filters for failures include them.
    """
    reasons = [one for one in NeedsAttention if one not in _OF_REFUNDS_ALONE]
    queries = _by_attention(reasons, _NO_REFUNDS, now)
    failing = f"{filter_of(Kind.TASK_FAILURE, now)} AND {_ON_COURSE}"
    queries[WORKFLOW_TASK_FAILS] = failing
    queries[PAUSED_BY_SOMEBODY] = f"{filter_of(Kind.PAUSED, now)} AND {_OWN_QUEUE}"
    queries[ON_ANOTHER_QUEUE] = filter_of(Kind.NO_WORKER, now)
    return queries


def queries_of_stuck_refunds(now: datetime) -> dict[str, str]:
    """Return the filter for orders with a stuck refund, for each reason."""
    return _by_attention(list(REFUND_CHAPTERS), _REFUNDS, now)


def _by_attention(
    reasons: list[NeedsAttention], of_type: str, now: datetime
) -> dict[str, str]:
    works = f"{_WORKS} AND {of_type}"
    queries = {
        str(why): f'{works} AND {NEEDS_ATTENTION.name} = "{why}"' for why in reasons
    }
    queries[NeedsAttention.OVERDUE] = (
        f"{works} AND {condition_of(Kind.OVERDUE, now)} AND ("
        f"{NEEDS_ATTENTION.name} IS NULL OR "
        f'{NEEDS_ATTENTION.name} = "{NeedsAttention.OVERDUE}")'
    )
    return queries
