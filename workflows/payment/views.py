"""A payment as its view (query and result), and as events for the shop."""

from datetime import datetime

from contracts import (
    AttemptView,
    CallbackInput,
    CancelAnswer,
    InquiryAnswer,
    InquiryVerdict,
    PayAnswer,
    PaymentOutcome,
    PaymentStatus,
    PaymentView,
    PayVerdict,
    Resolved,
    ShopEvent,
)
from workflows.payment.attempt import Attempt, Heard
from workflows.payment.doubts import find_doubt
from workflows.payment.endings import deadline_of
from workflows.payment.facts import Facts
from workflows.payment.steps import End, Step, Wait
from workflows.releases import (
    ATTEMPTS_END_INDEPENDENTLY,
    FINISHED_IS_CHECKED,
    ONLY_REFUSALS,
    SHOP_IS_NOTIFIED_OF_REVIEW,
)


def view_of(facts: Facts, step: Step, *, closed_at: datetime | None) -> PaymentView:
    """Return the payment's state, with its next step."""
    end = step if isinstance(step, End) else None
    success = end.success if end else None
    refusal = _refusal(end.attempt, facts) if end and not success else None
    paid = facts.paid
    return PaymentView(
        order_id=facts.order.order_id,
        amount=facts.order.amount,
        status=status_of(facts, step),
        outcome=end.outcome if end else None,
        attempts=[
            _attempt_view(
                one,
                is_paid=one in paid or _is_paid_by_decision(one, end, facts),
                may_be_opened=end is not None or not paid,
            )
            for one in facts.attempts
            if not _was_only_probed(one, facts)
        ],
        result_code=refusal.result_code if refusal else None,
        result_message=refusal.result_message if refusal else None,
        paid_at=success.paid_at if success else None,
        settlement=success.settlement if success else None,
        review=None if end else _review(facts),
        proposed=None if end else facts.proposed,
        resolved=_resolved(facts),
        started_at=facts.started_at,
        closed_at=closed_at,
        opened_by=facts.current.opened_by,
    )


def _review(facts: Facts) -> str | None:
    doubt = find_doubt(facts)
    return doubt.in_words(facts.order.release) if doubt else None


def _is_paid_by_decision(attempt: Attempt, end: End | None, facts: Facts) -> bool:
    """Whether a person has called the order paid, without a proof by Alipay."""
    if end is None or facts.order.release < ATTEMPTS_END_INDEPENDENTLY:
        return False
    is_meant = attempt is end.attempt and not facts.paid
    return end.outcome is PaymentOutcome.PAID and is_meant


def _refusal(
    attempt: Attempt, facts: Facts
) -> PayAnswer | InquiryAnswer | CancelAnswer | None:
    """Return the answer that refused or failed the attempt, if any."""
    if facts.order.release < ONLY_REFUSALS:
        return attempt.last_answer
    failed = attempt.verdicts(InquiryVerdict.FAIL)
    refused = attempt.pay_verdicts(
        PayVerdict.REFUSED, PayVerdict.ID_IS_DEAD, PayVerdict.ID_DIFFERS
    )
    # An inquiry comes after the `pay` that it is about.
    if failed:
        return failed[-1].answer
    return refused[-1].answer if refused else None


def _resolved(facts: Facts) -> Resolved | None:
    said = facts.resolution
    if said is None:
        return None
    return Resolved(by=said.by, reason=said.reason, confirmed_by=facts.confirmed_by)


def late_successes(facts: Facts, closed: PaymentView) -> list[Attempt]:
    """Return the attempts whose success was notified only after the end."""
    counted = {one.payment_request_id for one in closed.attempts if one.is_paid}
    by_new_rules = facts.order.release >= ATTEMPTS_END_INDEPENDENTLY
    return [
        attempt
        for attempt in facts.attempts
        if attempt.request_id not in counted
        and (by_new_rules or not attempt.is_given_back)
        and any(
            _is_late(notified, attempt, closed.closed_at) for notified in attempt.heard
        )
    ]


def _is_late(notified: Heard, attempt: Attempt, closed_at: datetime | None) -> bool:
    """Whether a success came after the end, and after its money was handed over."""
    if not notified.says_paid or closed_at is None or notified.at < closed_at:
        return False
    return attempt.given_back_at is None or notified.at > attempt.given_back_at


def event_of(facts: Facts, end: End, now: datetime) -> CallbackInput:
    """Return the event that notifies the shop of the end."""
    view = view_of(facts, end, closed_at=now)
    attempt = end.attempt
    event = ShopEvent(
        id=f"{attempt.request_id}-{end.outcome.lower()}",
        type=f"payment.{end.outcome.lower()}",
        occurred_at=now,
        order_id=view.order_id,
        payment_request_id=attempt.request_id,
        payment_id=attempt.payment_id,
        amount=view.amount,
        outcome=end.outcome,
        paid_at=view.paid_at,
        result_code=view.result_code,
    )
    return _callback(event, attempt, facts)


def review_of(facts: Facts, doubt: str, since: datetime) -> CallbackInput:
    """Return the event that notifies the shop of a review."""
    attempt, count = facts.current, facts.reviews_told
    event = ShopEvent(
        id=f"{attempt.request_id}-review{f'-{count}' if count > 1 else ''}",
        type="payment.review",
        occurred_at=since,
        order_id=facts.order.order_id,
        payment_request_id=attempt.request_id,
        payment_id=attempt.payment_id,
        amount=facts.order.amount,
        outcome="REVIEW",
        review=doubt,
    )
    return _callback(event, attempt, facts)


def _callback(event: ShopEvent, attempt: Attempt, facts: Facts) -> CallbackInput:
    release = facts.order.release
    return CallbackInput(
        event=event,
        wallet=attempt.wallet,
        runbook_url=facts.order.runbook_url,
        release=release if release >= SHOP_IS_NOTIFIED_OF_REVIEW else 0,
    )


def _was_only_probed(attempt: Attempt, facts: Facts) -> bool:
    """Whether it only probed the number after a lost order's last attempt."""
    is_ours = bool(attempt.wallet) or attempt.is_known_to_alipay
    says_paid = any(notified.says_paid for notified in attempt.heard)
    return facts.order.is_lost and not (is_ours or says_paid)


def _attempt_view(
    attempt: Attempt, *, is_paid: bool, may_be_opened: bool
) -> AttemptView:
    return AttemptView(
        payment_request_id=attempt.request_id,
        wallet=attempt.wallet,
        payment_id=attempt.payment_id,
        # Where the order is paid already, no customer may be sent to pay again.
        cashier=attempt.page.cashier if attempt.page and may_be_opened else None,
        expires_at=attempt.expires_at,
        is_paid=is_paid,
    )


def status_of(facts: Facts, step: Step) -> PaymentStatus:
    """Return the status of a payment."""
    if isinstance(step, End):
        return PaymentStatus(step.outcome)
    if find_doubt(facts):
        return PaymentStatus.REVIEW
    wanted_at = facts.cancel_wanted_at
    if wanted_at and not facts.current.refused_cancel_since(wanted_at):
        return PaymentStatus.CANCELLING
    if not facts.current.page:
        return PaymentStatus.OPENING
    waits = isinstance(step, Wait) and not _is_overdue(facts, step)
    if waits and not _has_finished(facts):
        return PaymentStatus.AWAITING_CUSTOMER
    return PaymentStatus.CHECKING


def _has_finished(facts: Facts) -> bool:
    """Whether the customer has finished, and the wallet still processes the payment."""
    if facts.order.release < FINISHED_IS_CHECKED:
        return False
    answered = facts.current.answered_at
    pending = facts.current.verdicts(InquiryVerdict.PENDING)
    return any(asked.at == answered for asked in pending)


def _is_overdue(facts: Facts, step: Wait) -> bool:
    """Whether the wait is a pause between calls, and not for the customer."""
    return step.until != deadline_of(facts.current)
