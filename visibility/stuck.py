"""The kinds of stuck workflows, and the filter of Temporal's list for each.

Most kinds use the search attribute NeedsAttention, which the workflows set:
`workflows/operator_view/listing.py` decides when, and `late_money.py` and
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
# The types that move money or notify the shop; a notice only stores its history.
RECOVERABLE_TYPES: Final = ("CashierPayment", "LatePayment", "Callback", "OrderRefunds")


def any_of(names: Sequence[str]) -> str:
    """Write names as the list after IN in a filter."""
    return ", ".join(f'"{name}"' for name in names)


OURS: Final = f"WorkflowType IN ({any_of(WORKFLOW_TYPES)})"
OPEN: Final = f"{OURS} AND {RUNNING}"
OPEN_PAYMENTS: Final = f'WorkflowType = "CashierPayment" AND {RUNNING}'
# Also a run that a newer one has recovered: `visibility/stopped.py` removes those.
STOPPED: Final = (
    f"WorkflowType IN ({any_of(RECOVERABLE_TYPES)}) AND ExecutionStatus IN "
    f"({any_of(('Failed', 'Terminated', 'TimedOut', 'Canceled'))})"
)
# A paused workflow is not "Running" (its status is 8); one with a paused activity is.
PAUSED: Final = f"{OURS} AND CloseTime IS NULL AND TemporalPauseInfo IS NOT NULL"
OPEN_REFUNDS: Final = f'WorkflowType = "OrderRefunds" AND {RUNNING}'
# `OrderRefunds` stays open for a day after its last refund; these have an open refund.
WAITING_REFUNDS: Final = (
    f"{OPEN_REFUNDS} AND ({NEEDS_ATTENTION.name} IS NOT NULL OR "
    f"{EXPIRES_AT.name} IS NOT NULL)"
)
OPEN_CALLBACKS: Final = f'WorkflowType = "Callback" AND {RUNNING}'


class Kind(StrEnum):
    """Why a workflow is stuck; the most severe kind comes first."""

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


# Kinds of refunds alone; refunds also have most of the other kinds.
KINDS_OF_REFUNDS: Final = (Kind.SECOND_PERSON, Kind.BALANCE, Kind.REFUSED)
# Kinds that the workflows themselves set.
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
    """Return the filter for workflows that are now stuck in one way."""
    match kind:
        case Kind.STOPPED:
            return STOPPED
        case Kind.PAUSED:
            return PAUSED
    return f"{OPEN} AND {condition_of(kind, now)}"


def filter_of_all(now: datetime | None) -> str:
    """Return the filter for workflows that are now stuck in any way."""
    open_kinds = [kind for kind in Kind if kind not in (Kind.STOPPED, Kind.PAUSED)]
    conditions = " OR ".join(condition_of(kind, now) for kind in open_kinds)
    return f"({OPEN} AND ({conditions})) OR ({PAUSED}) OR ({STOPPED})"


def condition_of(kind: Kind, now: datetime | None) -> str:
    """Return the condition for open workflows that are stuck in one way.

    Args:
        kind: The way.
        now: The time by which workflows are overdue; None for a filter without a time,
            which can be saved: it finds overdue workflows once they have set
                NeedsAttention.
    """
    match kind:
        case Kind.NO_WORKER:
            return f'TaskQueue != "{TASK_QUEUE}"'
        case Kind.TASK_FAILURE:
            # Set by Temporal after several failures in a row, unset after a success.
            return "TemporalReportedProblems IS NOT NULL"
        case Kind.STOPPED:
            return 'ExecutionStatus != "Running"'
        case Kind.PAUSED:
            # Set by Temporal with a pause, unset when the last pause ends.
            return "TemporalPauseInfo IS NOT NULL"
        case Kind.OVERDUE:
            said = _needs(NeedsAttention.OVERDUE)
            if now is None:
                return said
            # By the clock, too: without a worker the attribute is not set.
            before = time_in_query(now - OVERDUE_AFTER)
            return f'({said} OR {EXPIRES_AT.name} < "{before}")'
    return _needs(ATTENTIONS[kind])


def time_in_query(at: datetime) -> str:
    """Write a time for a filter: UTC, whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _needs(attention: NeedsAttention) -> str:
    return f'{NEEDS_ATTENTION.name} = "{attention}"'
