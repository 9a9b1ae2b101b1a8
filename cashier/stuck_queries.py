"""What stuck means: the kinds, and for each a filter that the Temporal UI takes too."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from contracts import TASK_QUEUE
from visibility import (
    EXPIRES_AT,
    NEEDS_ATTENTION,
    PAYMENT_STATUS,
    Listed,
    NeedsAttention,
)

# After its time to pay Alipay ends a payment within a minute or two.
OVERDUE_AFTER = timedelta(minutes=5)
WORKFLOW_TYPES = ("CashierPayment", "LatePayment", "Callback")


class Kind(StrEnum):
    """Why something is stuck; of several the first one here tells most."""

    NO_WORKER = "no-worker"
    TASK_FAILURE = "task-failure"
    REVIEW = "review"
    CALLBACK = "callback"
    NO_VERDICT = "no-verdict"
    OVERDUE = "overdue"


# The chapters of docs/runbook.md.
RUNBOOK = {
    Kind.NO_WORKER: "no-worker",
    Kind.TASK_FAILURE: "workflow-task-fails",
    Kind.REVIEW: "review",
    Kind.CALLBACK: "callback-not-accepted",
    Kind.NO_VERDICT: "alipay-does-not-answer",
    Kind.OVERDUE: "overdue",
}


@dataclass(frozen=True)
class SavedView:
    """A filter of the Temporal UI's list, and what it finds."""

    name: str
    finds: str
    query: str


def _any_of(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


OURS = f"WorkflowType IN ({_any_of(WORKFLOW_TYPES)})"
OPEN = f'{OURS} AND ExecutionStatus = "Running"'
OPEN_PAYMENTS = 'WorkflowType = "CashierPayment" AND ExecutionStatus = "Running"'
_ENDED_TODAY = 'WorkflowType = "CashierPayment" AND ExecutionStatus = "Completed"'


def filter_of(kind: Kind, now: datetime) -> str:
    """Return the filter that finds what is stuck in one way, as of now."""
    return f"{OPEN} AND {_condition(kind, now)}"


def filter_of_all(now: datetime) -> str:
    """Return the filter that finds what is stuck in any way, as of now."""
    conditions = " OR ".join(_condition(kind, now) for kind in Kind)
    return f"{OPEN} AND ({conditions})"


def saved_views(now: datetime) -> Iterator[SavedView]:
    """Return the lists that an operator wants to have at hand, with today's times."""
    yield SavedView("stuck", "all that is stuck", filter_of_all(now))
    for kind, finds in (
        (Kind.REVIEW, "a person must decide"),
        (Kind.NO_VERDICT, "Alipay does not answer"),
        (Kind.OVERDUE, "open long after its time to pay"),
        (Kind.TASK_FAILURE, "the code of the worker fails"),
        (Kind.CALLBACK, "the shop does not accept the outcome"),
        (
            Kind.NO_WORKER,
            "on another task queue than the worker's; with no worker, see `open`",
        ),
    ):
        yield SavedView(kind, finds, filter_of(kind, now))
    today = time_in_query(now.astimezone(UTC).replace(hour=0, minute=0, second=0))
    paid = f'{PAYMENT_STATUS.name} IN ("{Listed.ON_COURSE}", "PAID")'
    unpaid = f'{PAYMENT_STATUS.name} IN ("DECLINED", "EXPIRED", "CANCELLED")'
    ended = f'{_ENDED_TODAY} AND CloseTime >= "{today}"'
    forced = _any_of(("Failed", "Terminated", "TimedOut", "Canceled"))
    yield SavedView("open", "payments that go on, stuck or not", OPEN_PAYMENTS)
    yield SavedView("paid-today", "payments that ended paid", f"{ended} AND {paid}")
    yield SavedView("unpaid-today", "payments that ended so", f"{ended} AND {unpaid}")
    yield SavedView(
        "late-money",
        "money after the end, not dealt with yet",
        'WorkflowType = "LatePayment" AND ExecutionStatus = "Running"',
    )
    yield SavedView(
        "stopped",
        "ended by force: look their money up at Alipay",
        f"{OURS} AND ExecutionStatus IN ({forced})",
    )


def time_in_query(at: datetime) -> str:
    """Write a time as filters take it: UTC, whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _condition(kind: Kind, now: datetime) -> str:
    """Return what makes an open workflow a stuck one."""
    match kind:
        case Kind.NO_WORKER:
            return f'TaskQueue != "{TASK_QUEUE}"'
        case Kind.TASK_FAILURE:
            # Temporal's own: set after several failures in a row, unset by a success.
            return "TemporalReportedProblems IS NOT NULL"
        case Kind.OVERDUE:
            # By the clock too: without a worker nobody says so.
            before = time_in_query(now - OVERDUE_AFTER)
            said = _needs(NeedsAttention.OVERDUE)
            return f'({said} OR {EXPIRES_AT.name} < "{before}")'
        case Kind.REVIEW:
            return _needs(NeedsAttention.REVIEW)
        case Kind.CALLBACK:
            return _needs(NeedsAttention.CALLBACK)
        case Kind.NO_VERDICT:
            return _needs(NeedsAttention.NO_VERDICT)


def _needs(attention: NeedsAttention) -> str:
    return f'{NEEDS_ATTENTION.name} = "{attention}"'
