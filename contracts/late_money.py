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
    """How late money was settled."""

    NOT_PAID = "NOT_PAID"  # Alipay does not confirm it, or has returned it itself
    RETURNED = "RETURNED"  # cancelled after payment: all of it was given back
    REFUNDED = "REFUNDED"
    HONOURED = "HONOURED"  # kept: the shop delivers although it was late
    NOT_LATE = "NOT_LATE"  # it pays the order: no money was moved


class LatePaymentInput(Contract):
    """A success that came after the payment's end, or on top of another one.

    Attributes:
        wallet: Alipay's code; empty where it is not known.
        amount: The order's; a person must decide about any other.
        notification: The notification that reported it, if there was one.
        second_person_above, tells_shop, runbook_url, release, trust: As in `Order`.
        order_paid_by: The payment_request_id of another attempt, which pays the order:
            this money pays for nothing and goes back, whatever its amount.
        carried: The state of the run that was continued as new in this one.
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
    """The update `resolve` of late money: how a person has settled it, and why.

    Attributes:
        replaces: As in `Resolution`.
    """

    outcome: str = ""
    reason: str = ""
    by: str = ""
    replaces: str = ""


class LatePaymentView(Contract):
    """The state of late money; the workflow's result too.

    Attributes:
        status: In words: the current step, or the outcome.
        review: Why a person must decide, and the money at risk.
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
    """The state of late money that a continued run takes over.

    Attributes:
        waits_since: When the call that is still open was first made.
        refund_is_in_process: Alipay has accepted the refund; it is never sent again.
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
    """The input of the activity `find_payment`: an order, and the asking late money.

    Attributes:
        payment_request_id: The late money that asks; it is left out of the answer.
    """

    order_id: str
    payment_request_id: str = ""


class PaymentState(StrEnum):
    """Whether the payment of an order has ended, according to Temporal."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    STOPPED = "STOPPED"  # terminated, or timed out: it has no result
    UNKNOWN = "UNKNOWN"  # there is none, or it is not kept any more


class PaymentFound(Contract):
    """The state of an order's newest payment.

    Attributes:
        outcome: How it ended; None unless it is CLOSED.
        attempts: The payment_request_ids that it has opened itself.
        counted: Attempts that it counts as paid, so far or finally.
        paid: Attempts that pay the order; none unless it ended PAID.
        is_proven: Whether Alipay has said that it is paid, and not only a person.
        honoured: Attempts whose late money was kept for the order.
        undecided: Attempts whose late money is not settled yet.
        is_own_undecided: Whether late money of the asking attempt is not settled yet.
        opener_began_at: When the oldest kept run began that opened the asking attempt;
            None where no such run is kept.
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
