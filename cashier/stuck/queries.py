"""The lists that operators keep as saved views in the Temporal UI."""

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
    """Return the chapter of docs/runbook.md that says what to do."""
    attention = ATTENTIONS.get(stuck.kind)
    if stuck.is_refunds and attention in REFUND_CHAPTERS:
        return REFUND_CHAPTERS[attention]
    return RUNBOOK[stuck.kind]


@dataclass(frozen=True)
class SavedView:
    """A filter of the Temporal UI's list, and what it finds."""

    name: str
    finds: str
    query: str


# What the list should show besides Temporal's own columns.
COLUMNS = tuple(key.name for key in KEYS)
_ENDED = 'WorkflowType = "CashierPayment" AND ExecutionStatus = "Completed"'


def saved_views() -> Iterator[SavedView]:
    """Return the lists that an operator wants to have at hand.

    None holds a time: a view is kept for months, and would show an old day for ever.
    """
    yield SavedView("stuck", "all that is stuck", filter_of_all(None))
    for kind, finds in (
        (Kind.REVIEW, "a person must decide"),
        (Kind.NO_VERDICT, "Alipay does not answer"),
        (Kind.OVERDUE, "open long after its time to pay"),
        (Kind.TASK_FAILURE, "the code of the worker fails"),
        (Kind.PAUSED, "somebody has paused it, or one of its calls"),
        (
            Kind.STOPPED,
            "ended by force; also those that a newer run of the same id has recovered",
        ),
        (Kind.CALLBACK, "the shop does not accept the outcome"),
        (Kind.SECOND_PERSON, "a refund waits for a second person"),
        (Kind.BALANCE, "a refund waits for the merchant's balance at Alipay"),
        (Kind.REFUSED, "Alipay has refused a refund, and nothing was done about it"),
        (
            Kind.NO_WORKER,
            "on another task queue than the worker's; with no worker, see `open`",
        ),
    ):
        yield SavedView(kind, finds, filter_of(kind, None))
    paid = f'{PAYMENT_STATUS.name} IN ("{Listed.ON_COURSE}", "PAID")'
    unpaid = f'{PAYMENT_STATUS.name} IN ("DECLINED", "EXPIRED", "CANCELLED")'
    yield SavedView("open", "payments that go on, stuck or not", OPEN_PAYMENTS)
    yield SavedView("paid", "payments that ended paid", f"{_ENDED} AND {paid}")
    yield SavedView("unpaid", "payments that ended so", f"{_ENDED} AND {unpaid}")
    yield SavedView(
        "late-money",
        "money after the end, not dealt with yet",
        'WorkflowType = "LatePayment" AND ExecutionStatus = "Running"',
    )
    yield SavedView(
        "refunds",
        "refunds that go on, or need a person; an owner without any is not shown",
        WAITING_REFUNDS,
    )
    yield SavedView(
        "notices",
        "what Alipay has notified and no payment takes: refunds, disputes",
        'WorkflowType = "AlipayNotice"',
    )
