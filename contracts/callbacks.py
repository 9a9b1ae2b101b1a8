"""Callbacks: the events that are sent to the shop, and how each ended."""

from datetime import datetime
from enum import StrEnum

from contracts.base import Contract, Money
from contracts.payment import Resolved, SignedEvidence


class RefundOfEvent(Contract):
    """The refund that an event is about.

    Attributes:
        refund_id: The merchant's id of the refund.
        left: The amount that can still be refunded after this refund.
        by_cancel: Whether it was a cancel, which costs no commission.
    """

    refund_id: str
    left: Money | None = None
    by_cancel: bool = False


class ShopEvent(Contract):
    """A final outcome, or a review before it, as `tell_shop` sends it to the shop.

    Attributes:
        id: The same in every repeat, so that the shop can recognize repeats.
        type: `payment.paid`, `payment.review`, `late_payment.refunded`, ...
        occurred_at: When the outcome became certain, or the review began.
        outcome: A PaymentOutcome, or the LateOutcome of late money; REVIEW for
            `payment.review` and `late_payment.review`, which are no outcome yet.
        paid_at: Alipay's payment time, as Alipay wrote it.
        review: The doubt that a person must settle, in words; only of `payment.review`
            and `late_payment.review`.
        refund: Of `refund.succeeded`, `refund.failed`, `refund.waiting` and
            `refund.returned`; then `amount` is the refund's.
    """

    id: str
    type: str
    occurred_at: datetime
    order_id: str
    payment_request_id: str
    amount: Money
    outcome: str
    payment_id: str | None = None
    paid_at: str | None = None
    result_code: str | None = None
    review: str | None = None
    refund: RefundOfEvent | None = None


class ProvenEvent(ShopEvent):
    """The input of the activity `tell_shop`: an event, and its proof.

    Attributes:
        evidence: Alipay's signed message about a success; it is not sent to the shop.
    """

    evidence: SignedEvidence | None = None

    @property
    def event(self) -> ShopEvent:
        """The event as it is sent to the shop."""
        return ShopEvent(**self.model_dump(exclude={"evidence"}))


class ShopAnswer(Contract):
    """The shop has accepted a callback."""

    http_status: int


class CallbackInput(Contract):
    """A callback that was not accepted at once.

    The first one of an order is the input of the workflow `Callback`; later ones come
    by its signal `also_tell`.

    Attributes:
        evidence: Alipay's signed message about a success; None where the event reports
            none, or where Alipay must be asked again.
        release: As in `Order`, for the first event; 0 before release 3.
        carried: The events of the run that was continued as new in this one.
    """

    event: ShopEvent
    wallet: str = ""
    runbook_url: str | None = None
    evidence: SignedEvidence | None = None
    release: int = 0
    carried: "CallbacksCarried | None" = None

    @property
    def proven_event(self) -> ProvenEvent:
        """The input of the activity `tell_shop`: the event, and its proof if any."""
        return ProvenEvent(**self.event.model_dump(), evidence=self.evidence)


class CallbackOutcome(StrEnum):
    """How a callback ended."""

    DELIVERED = "DELIVERED"
    SETTLED = "SETTLED"  # a person has informed the shop in another way


class CallbackSettlement(Contract):
    """The update `settle`: a person has informed the shop, and says how.

    Attributes:
        event_id: The event that is meant; empty for the one that is being sent.
    """

    reason: str = ""
    by: str = ""
    event_id: str = ""


class CallbackEnd(Contract):
    """How one event ended while others of its order were still to be sent."""

    event: ShopEvent
    outcome: CallbackOutcome
    resolved: Resolved | None = None


class CallbacksCarried(Contract):
    """The events of an order that a continued run takes over.

    Attributes:
        untold: Events to be sent, in this order; the first is the input's.
        ended: The newest events that have ended.
    """

    untold: tuple[CallbackInput, ...]
    ended: tuple[CallbackEnd, ...] = ()


CallbackInput.model_rebuild()


class CallbackView(Contract):
    """The state of an order's callbacks; the workflow's result too.

    Attributes:
        event: The one that is being sent, or was sent last.
        outcome: How it ended; None while it is being sent.
        waiting: Events that will be sent after it, in this order.
        ended: Events that ended before it.
    """

    event: ShopEvent
    status: str
    outcome: CallbackOutcome | None = None
    resolved: Resolved | None = None
    waiting: tuple[ShopEvent, ...] = ()
    ended: tuple[CallbackEnd, ...] = ()
