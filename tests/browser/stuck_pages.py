"""What an operator reads on the page of each stuck kind: why, and what it waits for."""

from dataclasses import dataclass

from visibility.stuck import Kind

METADATA = "user-metadata"


@dataclass(frozen=True)
class StuckPage:
    """A workflow's page: which tab tells, what stands there, in which event."""

    workflow_id: str
    tab: str
    says: tuple[str, ...]
    unfolded: str = ""


STUCK_PAGES = {
    Kind.REVIEW: StuckPage(
        "payment:stuck-review",
        METADATA,
        (
            "GCASH PHP 1,314.00, order stuck-review",
            "A person must decide: stuck-review_1 was paid with PHP 1,315.00 instead "
            "of PHP 1,314.00",
            "wait for a person\N{RIGHT SINGLE QUOTATION MARK}s decision",
        ),
    ),
    Kind.NO_VERDICT: StuckPage(
        "payment:stuck-no-verdict",
        METADATA,
        (
            "Alipay does not answer; it is asked again with growing pauses",
            "Calls that ended without an answer",
            "PHP 520.00 with GCash",
        ),
    ),
    Kind.OVERDUE: StuckPage(
        "payment:stuck-overdue",
        METADATA,
        (
            "Its time to pay is long over, and Alipay has not said how it ended",
            "ask Alipay again at",
            "not paid yet, and it can still be paid",
        ),
    ),
    Kind.TASK_FAILURE: StuckPage(
        "payment:stuck-task-failure",
        "history",
        # The failure's message, decoded; Temporal itself says that it tries again.
        (
            "The Workflow Task failed due to an unhandled failure",
            "GCASH PHP 475.00, order stuck-task-failure",
            "Alipay's public key of version 7",
        ),
        unfolded="Workflow Task Failed",
    ),
    Kind.STOPPED: StuckPage(
        "payment:stuck-stopped",
        METADATA,
        ("GCASH PHP 845.00, order stuck-stopped", "PHP 845.00 with GCash"),
    ),
    Kind.PAUSED: StuckPage(
        "payment:stuck-paused",
        METADATA,
        ("PHP 610.00 with GCash", "ask Alipay for the cashier page"),
    ),
    Kind.CALLBACK: StuckPage(
        "callbacks:stuck-callback",
        METADATA,
        (
            "The shop has not accepted payment.paid",
            "is PAID since",
            "It is sent again with growing pauses",
        ),
    ),
    Kind.NO_WORKER: StuckPage(
        "payment:stuck-no-worker",
        METADATA,
        (
            "no workers polling the cashier-of-another-release task queue",
            "PHP 990.00 with GCash",
            "if there are none, no worker runs",
        ),
    ),
    Kind.SECOND_PERSON: StuckPage(
        "refunds:stuck-second-person",
        METADATA,
        (
            "return-1 over PHP 1,100.00: waits for a second person",
            "Another person confirms it, or withdraws it",
            "confirm it with the update confirm",
        ),
    ),
    Kind.BALANCE: StuckPage(
        "refunds:stuck-balance",
        METADATA,
        (
            "return-1 over PHP 365.00: waits for the merchant"
            "\N{RIGHT SINGLE QUOTATION MARK}s balance at Alipay",
            "it is sent again by itself, within about an hour, or at once with SEND",
            # Refused once, so the next try is under a new id.
            "At Alipay it is stuck-balance_rreturn-1_2",
        ),
    ),
    Kind.REFUSED: StuckPage(
        "refunds:stuck-refused",
        METADATA,
        (
            "return-1 over PHP 190.00: was refused: RISK_REJECT",
            "Nothing went back, and it is not tried again",
            "PHP 380.00 can still be refunded",
        ),
    ),
}
