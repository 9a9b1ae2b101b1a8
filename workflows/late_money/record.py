"""The facts about a late payment, and how they are shown and sent."""

from datetime import timedelta

from temporalio import workflow

from contracts import (
    CallbackInput,
    InquiryAnswer,
    InquiryVerdict,
    LateCarried,
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    LateResolution,
    Money,
    MoneyAtRisk,
    Resolved,
    ShopEvent,
    SignedEvidence,
    late_refund_id,
)
from visibility import EXPIRES_AT, Listed, NeedsAttention, is_listed
from workflows.engine.clock import Clock
from workflows.operator_view.late_money import late_attention_of, late_details_of
from workflows.operator_view.listing import Listing, changes_to
from workflows.releases import LATE_MONEY_CHECKS_ITS_ORDER, REFUNDED_ORDER_IS_PAID


class LateMoney:
    """One attempt's late money, with all known facts.

    Attributes:
        late: The workflow's input.
        release: The release whose rules the run follows now.
        view: The answer to queries, and the result.
        paid: The paid amount by Alipay's answer; the order's amount before that.
        said: Alipay's last final answer to *was it paid?*.
        evidence: The signed answer that proves it, for the shop.
        resolution: A person's decision; None while there is none.
        resolved: The names and the reason of that decision.
        lacks_a_verdict: Whether the last call to Alipay ended without a verdict.
        is_overdue: Whether an answer has stayed open for too long.
        is_second_charge: Whether other money pays the order.
        refund_is_in_process: Whether Alipay has accepted a refund.
        cancel_was_sent: Whether a cancel may have reached Alipay.
        reviews: How many reviews the shop has been notified of.
        waits_since: When the call that is still open was first made.
        stage: The kind of call that is open: payment, order, cancel or refund.
    """

    def __init__(self, late: LatePaymentInput, carried: LateCarried | None) -> None:
        """Begin with the input, or with the facts of the run before."""
        self.clock = Clock()
        self.late = late
        self.release = late.release
        self.view = (
            carried.view
            if carried
            else LatePaymentView(
                payment_request_id=late.payment_request_id,
                amount=late.amount,
                status="ask Alipay whether it was paid",
            )
        )
        self.paid: Money | None = late.amount
        self.said: InquiryAnswer | None = None
        self.evidence: SignedEvidence | None = None
        self.resolution: LateResolution | None = None
        self.resolved: Resolved | None = None
        self.lacks_a_verdict = False
        self.is_overdue = False
        self.is_second_charge = False
        self.refund_is_in_process = bool(carried and carried.refund_is_in_process)
        self.cancel_was_sent = bool(carried and carried.cancel_was_sent)
        self.reviews = carried.reviews_told if carried else 0
        self.waits_since = carried.waits_since if carried else self.clock.now
        self.stage = "payment"

    def carried(self) -> LateCarried:
        """Return the facts that a continued run takes over."""
        return LateCarried(
            view=self.view,
            waits_since=self.waits_since,
            refund_is_in_process=self.refund_is_in_process,
            cancel_was_sent=self.cancel_was_sent,
            reviews_told=self.reviews,
        )

    def keep_answer(self, said: InquiryAnswer) -> None:
        """Keep Alipay's final answer to *was it paid?*."""
        self.said, self.paid = said, said.amount
        if said.evidence:
            self.evidence = said.evidence.answer

    @property
    def to_return(self) -> Money:
        """The amount to refund: all that was paid."""
        if self.late.release < LATE_MONEY_CHECKS_ITS_ORDER:
            return self.late.amount
        return self.paid or self.late.amount

    @property
    def at_risk(self) -> MoneyAtRisk:
        """The money at risk until the workflow ends."""
        if self.view.outcome is not None:
            return MoneyAtRisk()
        if self.said and self.said.verdict is InquiryVerdict.SUCCESS and self.paid:
            return MoneyAtRisk(taken=(self.paid,))
        notified = self.late.notification
        return MoneyAtRisk(
            at_most=((notified and notified.amount) or self.late.amount,)
        )

    def is_refunded_by_us(self, said: InquiryAnswer) -> bool:
        """Whether the refund that Alipay lists is the one that this workflow sends."""
        own = (late_refund_id(self.late.payment_request_id),)
        lists_refunds = self.late.release >= REFUNDED_ORDER_IS_PAID
        return lists_refunds and said.is_refunded and said.refunded_by == own

    def contradicts_a_person(self, said: InquiryAnswer) -> bool:
        """Whether Alipay's answer contradicts a person's decision."""
        outcome = self.resolution.outcome if self.resolution else ""
        if said.verdict is InquiryVerdict.SUCCESS:
            return outcome == LateOutcome.NOT_PAID
        return outcome in (LateOutcome.HONOURED, LateOutcome.NOT_LATE)

    @property
    def attention(self) -> NeedsAttention | None:
        """Why it needs an operator's attention; None if it does not."""
        return late_attention_of(
            self.view, lacks_a_verdict=self.lacks_a_verdict, is_overdue=self.is_overdue
        )

    @property
    def why_a_person(self) -> str | None:
        """Return why a person may settle it: a doubt, or a wait that needs attention.

        Without the reason of the wait, which changes: two persons decide about one
        text.
        """
        if self.view.review:
            return self.view.review
        name = self.late.payment_request_id
        return f"{name}: the {self.stage} is open" if self.attention else None

    def decided(self) -> LateOutcome:
        """Return the outcome that a person has decided, and show it."""
        resolution = self.resolution
        assert resolution is not None  # noqa: S101 - as waited for
        self.show("decided", resolved=self.resolved, proposed=None)
        return LateOutcome(resolution.outcome)

    def show(self, status: str, **known: object) -> None:
        """Update the view, the details in the UI, and the line in the list."""
        self.view = self.view.model_copy(update={"status": status, **known})
        workflow.set_current_details(
            late_details_of(
                self.late,
                self.view,
                lacks_a_verdict=self.lacks_a_verdict,
                is_overdue=self.is_overdue,
            )
        )
        listed = workflow.info().typed_search_attributes
        changes = changes_to(listed, Listing(Listed.LATE_MONEY, self.attention))
        if changes and is_listed(listed):
            workflow.upsert_search_attributes(changes)

    def list_until(self, patience: timedelta) -> None:
        """Set from when on a filter by time lists it as waiting too long."""
        listed = workflow.info().typed_search_attributes
        if self.release >= LATE_MONEY_CHECKS_ITS_ORDER and is_listed(listed):
            workflow.upsert_search_attributes(
                [EXPIRES_AT.value_set(self.clock.now + patience)]
            )

    def callback(
        self, suffix: str, kind: str, outcome: str, review: str | None = None
    ) -> CallbackInput:
        """Return an event for the shop.

        Args:
            suffix: The end of the event's id.
            kind: The event's type, such as `late_payment.returned`.
            outcome: A `LateOutcome`, or `REVIEW`.
            review: Why a person must decide, where one must.
        """
        late, said = self.late, self.said
        event = ShopEvent(
            id=f"{late.payment_request_id}-{suffix}",
            type=kind,
            occurred_at=self.clock.now,
            order_id=late.order_id,
            payment_request_id=late.payment_request_id,
            payment_id=said.payment_id if said else None,
            amount=self.to_return,
            outcome=outcome,
            paid_at=said.paid_at if said else None,
            review=review,
        )
        is_kept = outcome == LateOutcome.HONOURED
        return CallbackInput(
            event=event,
            wallet=late.wallet,
            runbook_url=late.runbook_url,
            evidence=self.evidence if is_kept else None,
            release=late.release if late.release >= LATE_MONEY_CHECKS_ITS_ORDER else 0,
        )
