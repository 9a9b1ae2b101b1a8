"""Late money: paid after its payment had ended, or on top of another one."""

from datetime import datetime
from enum import StrEnum

from contracts.base import Contract, Money
from contracts.order import LateMoneyPolicy
from contracts.payment import (
    PaymentNotified,
    PaymentOutcome,
    Proposed,
    Resolved,
)
from contracts.trust import AlipayTrust


class LateOutcome(StrEnum):
    """What became of late money."""

    NOT_PAID = "NOT_PAID"  # Alipay does not confirm it, or has returned it itself
    RETURNED = "RETURNED"  # cancelled after payment: all of it went back
    REFUNDED = "REFUNDED"
    HONOURED = "HONOURED"  # kept: the shop delivers although it was late
    NOT_LATE = "NOT_LATE"  # it is what pays the order: nothing was moved


class LatePaymentInput(Contract):
    """A success that came after the payment's end, or on top of another one.

    Attributes:
        wallet: Alipay's code; empty where it is not known.
        amount: The order's; any other is a person's matter.
        notification: What was heard of it, if that was how it became known.
        second_person_above, tells_shop, runbook_url, release, trust: As in `Order`.
        order_paid_by: The payment_request_id of another attempt, which pays the order:
            this money pays for nothing and goes back, whatever its amount.
        carried: What a run that grew too long knew, and goes on with in this one.
    """

    order_id: str
    payment_request_id: str
    wallet: str
    amount: Money
    policy: LateMoneyPolicy
    notification: PaymentNotified | None = None
    second_person_above: int | None = None
    tells_shop: bool = False
    runbook_url: str | None = None
    release: int = 0
    order_paid_by: str | None = None
    carried: "LateCarried | None" = None
    trust: AlipayTrust | None = None


class LateResolution(Contract):
    """The update `resolve` of late money: what a person did with it, and why.

    Attributes:
        replaces: As in `Resolution`.
    """

    outcome: str = ""
    reason: str = ""
    by: str = ""
    replaces: str = ""


class LatePaymentView(Contract):
    """What is known of late money; the workflow's result too.

    Attributes:
        status: In words: what it waits for, or how it ended.
        review: Why a person must decide, and what money is at risk.
    """

    payment_request_id: str
    amount: Money
    status: str
    outcome: LateOutcome | None = None
    paid_at: str | None = None
    review: str | None = None
    proposed: Proposed | None = None
    resolved: Resolved | None = None


class LateCarried(Contract):
    """What late money knew when its run was continued in a new one.

    Attributes:
        waits_since: When the question that is still open was first asked.
        refund_is_in_process: Alipay has taken the refund on; it is never sent again.
        cancel_was_sent: A cancel may have returned the money.
        reviews_told: How often the shop was sent `late_payment.review`.
    """

    view: LatePaymentView
    waits_since: datetime
    refund_is_in_process: bool = False
    cancel_was_sent: bool = False
    reviews_told: int = 0


LatePaymentInput.model_rebuild()


class PaymentLookup(Contract):
    """The activity `find_payment`: how does the payment of this order stand?

    Attributes:
        payment_request_id: Of the late money that asks; it is no money beside itself.
    """

    order_id: str
    payment_request_id: str = ""


class PaymentState(StrEnum):
    """Whether the payment of an order has ended, as Temporal knows it."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    STOPPED = "STOPPED"  # terminated, or timed out: it has no result
    UNKNOWN = "UNKNOWN"  # there is none, or it is not kept any more


class PaymentFound(Contract):
    """How the newest payment of an order stands.

    Attributes:
        outcome: How it ended; None unless it is CLOSED.
        attempts: The payment_request_ids that it has opened itself.
        counted: Those that it counts as paid, so far or for good.
        paid: Those that pay the order; none unless it ended PAID.
        is_proven: Whether Alipay has said so, and not a person alone.
        honoured: Attempts whose late money was kept for the order.
        undecided: Attempts whose late money is being dealt with.
        is_own_undecided: Whether late money of the attempt asked about is being dealt
            with.
        opener_began_at: When the oldest run that is kept of those began that have
            opened the attempt asked about; None where none of them is kept.
    """

    state: PaymentState
    outcome: PaymentOutcome | None = None
    attempts: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
    is_proven: bool = True
    honoured: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    is_own_undecided: bool = False
    opener_began_at: datetime | None = None
