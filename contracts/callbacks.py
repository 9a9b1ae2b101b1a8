"""Callbacks: what the shop is told, and what became of telling it."""

from datetime import datetime
from enum import StrEnum

from contracts.base import Contract, Money
from contracts.payment import Resolved, SignedEvidence


class RefundOfEvent(Contract):
    """The refund that an event is about.

    Attributes:
        refund_id: As the merchant has named it.
        left: What can still be refunded of the payment after this.
        by_cancel: Whether it was a cancel, for which no commission is charged.
    """

    refund_id: str
    left: Money | None = None
    by_cancel: bool = False


class ShopEvent(Contract):
    """A final outcome, or a review before it, as told to the shop by `tell_shop`.

    Attributes:
        id: The same in every repeat, so that the shop can tell repeats from news.
        type: `payment.paid`, `payment.review`, `late_payment.refunded`, ...
        occurred_at: When the outcome was certain; of a review, since when.
        outcome: A PaymentOutcome, or the LateOutcome of late money; REVIEW for
            `payment.review` and `late_payment.review`, which are no outcome yet.
        paid_at: Alipay's payment time, as Alipay wrote it.
        review: What a person must decide, in words; only of `payment.review` and
            `late_payment.review`.
        refund: Of `refund.succeeded`, `refund.failed`, `refund.waiting` and
            `refund.returned`; `amount` is what is refunded then.
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
    """What the activity `tell_shop` takes: an event, and what proves it.

    Attributes:
        evidence: What Alipay has signed of a success; the shop is not sent it.
    """

    evidence: SignedEvidence | None = None

    @property
    def event(self) -> ShopEvent:
        """The event as the shop is sent it."""
        return ShopEvent(**self.model_dump(exclude={"evidence"}))


class ShopAnswer(Contract):
    """The shop has accepted a callback."""

    http_status: int


class CallbackInput(Contract):
    """A callback that was not accepted at once.

    The first of an order is the input of the workflow `Callback`; each later one comes
    by its signal `also_tell`.

    Attributes:
        evidence: What Alipay has signed of a success; None where the event says none,
            or where Alipay must be asked again.
        release: As in `Order`, of the first event; 0 before release 3.
        carried: The events of a run that grew too long and goes on in this one.
    """

    event: ShopEvent
    wallet: str = ""
    runbook_url: str | None = None
    evidence: SignedEvidence | None = None
    release: int = 0
    carried: "CallbacksCarried | None" = None

    @property
    def to_tell(self) -> ProvenEvent:
        """What the activity `tell_shop` takes: the event, and what proves it if any."""
        return ProvenEvent(**self.event.model_dump(), evidence=self.evidence)


class CallbackOutcome(StrEnum):
    """What became of a callback."""

    DELIVERED = "DELIVERED"
    SETTLED = "SETTLED"  # a person has told the shop in another way


class CallbackSettlement(Contract):
    """The update `settle`: the shop knows from a person, who says how.

    Attributes:
        event_id: Which event is meant; empty for the one that is being told.
    """

    reason: str = ""
    by: str = ""
    event_id: str = ""


class CallbackEnd(Contract):
    """How telling one event ended, while others of its order were still to be told."""

    event: ShopEvent
    outcome: CallbackOutcome
    resolved: Resolved | None = None


class CallbacksCarried(Contract):
    """The events of an order that a continued run takes over.

    Attributes:
        untold: In the order in which the shop is sent them; the first is the input's.
        ended: The newest of those that have ended.
    """

    untold: tuple[CallbackInput, ...]
    ended: tuple[CallbackEnd, ...] = ()


CallbackInput.model_rebuild()


class CallbackView(Contract):
    """What is known of an order's callbacks; the workflow's result too.

    Attributes:
        event: The one that is being told, or was told last.
        outcome: What became of it; None while it is being told.
        waiting: What will be told after it, in this order.
        ended: What was told before it.
    """

    event: ShopEvent
    status: str
    outcome: CallbackOutcome | None = None
    resolved: Resolved | None = None
    waiting: tuple[ShopEvent, ...] = ()
    ended: tuple[CallbackEnd, ...] = ()
