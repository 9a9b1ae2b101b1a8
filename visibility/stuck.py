"""The kinds of stuck workflows, and the filter of Temporal's list for each.

Most kinds rest on the search attribute NeedsAttention, which the workflows set: when,
is decided in `workflows/operator_view/listing.py`, and in `late_money.py` and
`refund_listing.py` beside it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from contracts import TASK_QUEUE
from visibility.attributes import (
    EXPIRES_AT,
    NEEDS_ATTENTION,
    OVERDUE_AFTER,
    NeedsAttention,
)

WORKFLOW_TYPES: Final = (
    "CashierPayment",
    "LatePayment",
    "Callback",
    "AlipayNotice",
    "OrderRefunds",
)
RUNNING: Final = 'ExecutionStatus = "Running"'
# Those whose end matters to money, or to the shop; a notice is kept in its history.
RECOVERABLE_TYPES: Final = ("CashierPayment", "LatePayment", "Callback", "OrderRefunds")


def any_of(names: Sequence[str]) -> str:
    """Write names as the list that filters take after IN."""
    return ", ".join(f'"{name}"' for name in names)


OURS: Final = f"WorkflowType IN ({any_of(WORKFLOW_TYPES)})"
OPEN: Final = f"{OURS} AND {RUNNING}"
OPEN_PAYMENTS: Final = f'WorkflowType = "CashierPayment" AND {RUNNING}'
# Also a run that a newer one has recovered since: `visibility/stopped.py` knows.
STOPPED: Final = (
    f"WorkflowType IN ({any_of(RECOVERABLE_TYPES)}) AND ExecutionStatus IN "
    f"({any_of(('Failed', 'Terminated', 'TimedOut', 'Canceled'))})"
)
# A paused workflow is not "Running" (status 8), and one that has a paused activity is.
PAUSED: Final = f"{OURS} AND CloseTime IS NULL AND TemporalPauseInfo IS NOT NULL"
OPEN_REFUNDS: Final = f'WorkflowType = "OrderRefunds" AND {RUNNING}'
# Owners of refunds stay for a day after the last one; these have one that goes on.
WAITING_REFUNDS: Final = (
    f"{OPEN_REFUNDS} AND ({NEEDS_ATTENTION.name} IS NOT NULL OR "
    f"{EXPIRES_AT.name} IS NOT NULL)"
)
OPEN_CALLBACKS: Final = f'WorkflowType = "Callback" AND {RUNNING}'


class Kind(StrEnum):
    """Why something is stuck; the most telling kind comes first."""

    NO_WORKER = "no-worker"
    TASK_FAILURE = "task-failure"
    STOPPED = "stopped"
    PAUSED = "paused"
    REVIEW = "review"
    CALLBACK = "callback"
    NO_VERDICT = "no-verdict"
    OVERDUE = "overdue"
    SECOND_PERSON = "second-person"
    BALANCE = "balance"
    REFUSED = "refused"


# Reasons of refunds alone; refunds also have most of the others.
KINDS_OF_REFUNDS: Final = (Kind.SECOND_PERSON, Kind.BALANCE, Kind.REFUSED)
# Reasons that the workflows themselves set.
ATTENTIONS: Final = {
    Kind.REVIEW: NeedsAttention.REVIEW,
    Kind.CALLBACK: NeedsAttention.CALLBACK,
    Kind.NO_VERDICT: NeedsAttention.NO_VERDICT,
    Kind.OVERDUE: NeedsAttention.OVERDUE,
    Kind.SECOND_PERSON: NeedsAttention.SECOND_PERSON,
    Kind.BALANCE: NeedsAttention.BALANCE,
    Kind.REFUSED: NeedsAttention.REFUSED,
}


def filter_of(kind: Kind, now: datetime | None) -> str:
    """Return the filter that finds what is stuck in one way, as of now."""
    match kind:
        case Kind.STOPPED:
            return STOPPED
        case Kind.PAUSED:
            return PAUSED
    return f"{OPEN} AND {condition_of(kind, now)}"


def filter_of_all(now: datetime | None) -> str:
    """Return the filter that finds what is stuck in any way, as of now."""
    open_kinds = [kind for kind in Kind if kind not in (Kind.STOPPED, Kind.PAUSED)]
    conditions = " OR ".join(condition_of(kind, now) for kind in open_kinds)
    return f"({OPEN} AND ({conditions})) OR ({PAUSED}) OR ({STOPPED})"


def condition_of(kind: Kind, now: datetime | None) -> str:
    """Return the condition by which an open workflow is stuck.

    Args:
        kind: In which way.
        now: By which clock something is overdue; None for no time in the filter, which
            can then be kept: what is overdue is found once its worker has said so.
    """
    match kind:
        case Kind.NO_WORKER:
            return f'TaskQueue != "{TASK_QUEUE}"'
        case Kind.TASK_FAILURE:
            # Temporal's own: set after several failures in a row, unset by a success.
            return "TemporalReportedProblems IS NOT NULL"
        case Kind.STOPPED:
            return 'ExecutionStatus != "Running"'
        case Kind.PAUSED:
            # Temporal's own: set by a pause, unset when the last one is lifted.
            return "TemporalPauseInfo IS NOT NULL"
        case Kind.OVERDUE:
            said = _needs(NeedsAttention.OVERDUE)
            if now is None:
                return said
            # By the clock too: without a worker nobody says so.
            before = time_in_query(now - OVERDUE_AFTER)
            return f'({said} OR {EXPIRES_AT.name} < "{before}")'
    return _needs(ATTENTIONS[kind])


def time_in_query(at: datetime) -> str:
    """Write a time as filters take it: UTC, whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _needs(attention: NeedsAttention) -> str:
    return f'{NEEDS_ATTENTION.name} = "{attention}"'
