"""Filters of Temporal's list that operators keep as saved views in the Temporal UI."""

from collections.abc import Iterator
from dataclasses import dataclass

from cashier.stuck.finding import Stuck
from visibility import KEYS, PAYMENT_STATUS, Listed, NeedsAttention
from visibility.runbook import REFUND_CHAPTERS
from visibility.stuck import (
    ATTENTIONS,
    OPEN_PAYMENTS,
    WAITING_REFUNDS,
    Kind,
    filter_of,
    filter_of_all,
)

# The chapters of docs/runbook.md.
RUNBOOK = {
    Kind.NO_WORKER: "no-worker",
    Kind.TASK_FAILURE: "workflow-task-fails",
    Kind.STOPPED: "stopped",
    Kind.PAUSED: "paused",
    Kind.REVIEW: "review",
    Kind.CALLBACK: "callback-not-accepted",
    Kind.NO_VERDICT: "alipay-does-not-answer",
    Kind.OVERDUE: "overdue",
    Kind.SECOND_PERSON: REFUND_CHAPTERS[NeedsAttention.SECOND_PERSON],
    Kind.BALANCE: REFUND_CHAPTERS[NeedsAttention.BALANCE],
    Kind.REFUSED: REFUND_CHAPTERS[NeedsAttention.REFUSED],
}


def chapter_of(stuck: Stuck) -> str:
    """Return the chapter of docs/runbook.md about a kind."""
    attention = ATTENTIONS.get(stuck.kind)
    if stuck.is_refunds and attention in REFUND_CHAPTERS:
        return REFUND_CHAPTERS[attention]
    return RUNBOOK[stuck.kind]


@dataclass(frozen=True)
class SavedView:
    """A filter of the Temporal UI's list, and a description of what it finds."""

    name: str
    finds: str
    query: str


# The columns that the list should show besides Temporal's own.
COLUMNS = tuple(key.name for key in KEYS)
_ENDED = 'WorkflowType = "CashierPayment" AND ExecutionStatus = "Completed"'


def saved_views() -> Iterator[SavedView]:
    """Return the filters that an operator needs.

    No filter contains a time: a view is kept for months, and would always show that
    day.
    """
    yield SavedView("stuck", "all stuck workflows", filter_of_all(None))
    for kind, finds in (
        (Kind.REVIEW, "a person must decide"),
        (Kind.NO_VERDICT, "Alipay does not answer"),
        (Kind.OVERDUE, "open long after the time to pay"),
        (Kind.TASK_FAILURE, "the worker's code fails"),
        (Kind.PAUSED, "it, or one of its activities, was paused"),
        (
            Kind.STOPPED,
            "ended by force; also runs that a newer run of the same id has recovered",
        ),
        (Kind.CALLBACK, "the shop does not accept the outcome"),
        (Kind.SECOND_PERSON, "a refund waits for a second person"),
        (Kind.BALANCE, "a refund waits for the merchant's balance at Alipay"),
        (Kind.REFUSED, "Alipay has refused a refund, and nobody has acted on it"),
        (
            Kind.NO_WORKER,
            "on another task queue than the worker's; with no worker, see `open`",
        ),
    ):
        yield SavedView(kind, finds, filter_of(kind, None))
    paid = f'{PAYMENT_STATUS.name} IN ("{Listed.ON_COURSE}", "PAID")'
    unpaid = f'{PAYMENT_STATUS.name} IN ("DECLINED", "EXPIRED", "CANCELLED")'
    yield SavedView("open", "open payments, stuck or not", OPEN_PAYMENTS)
    yield SavedView("paid", "payments that ended paid", f"{_ENDED} AND {paid}")
    yield SavedView(
        "unpaid", "payments that ended with this outcome", f"{_ENDED} AND {unpaid}"
    )
    yield SavedView(
        "late-money",
        "money that came after the end, not handled yet",
        'WorkflowType = "LatePayment" AND ExecutionStatus = "Running"',
    )
    yield SavedView(
        "refunds",
        "orders with refunds that are open or need a person",
        WAITING_REFUNDS,
    )
    yield SavedView(
        "notices",
        "notifications that belong to no payment: refunds, disputes",
        'WorkflowType = "AlipayNotice"',
    )
