"""Tells a payment's facts: to shops as a view, to operators as words in the UI."""

from datetime import datetime

from contracts import (
    AttemptView,
    PaymentOutcome,
    PaymentStatus,
    PaymentView,
)
from workflows.decision import Cancel, End, Inquire, Pay, Review, Step, Wait
from workflows.facts import Attempt, Facts


def view_of(
    facts: Facts, step: Step, *, started_at: datetime, closed_at: datetime | None
) -> PaymentView:
    """Return what is known of the payment, and what it is about to do."""
    end = step if isinstance(step, End) else None
    current = facts.current
    refusal = end.attempt.last_word if end and not end.success else None
    return PaymentView(
        order_id=facts.order.order_id,
        amount=facts.order.amount,
        status=_status(facts, step),
        outcome=end.outcome if end else None,
        attempts=[
            _attempt_view(attempt, facts, end.outcome if end else None)
            for attempt in facts.attempts
        ],
        result_code=refusal.result_code if refusal else None,
        result_message=refusal.result_message if refusal else None,
        paid_at=end.success.paid_at if end and end.success else None,
        settlement=end.success.settlement if end and end.success else None,
        review=step.why if isinstance(step, Review) else None,
        started_at=started_at,
        closed_at=closed_at,
        opened_by=current.opened_by,
    )


def _attempt_view(
    attempt: Attempt, facts: Facts, outcome: PaymentOutcome | None
) -> AttemptView:
    return AttemptView(
        payment_request_id=facts.request_id(attempt),
        wallet=attempt.wallet,
        payment_id=attempt.payment_id,
        cashier=attempt.page.cashier if attempt.page else None,
        expires_at=attempt.expires_at(facts.order),
        outcome=outcome,
    )


def _status(facts: Facts, step: Step) -> PaymentStatus:
    if isinstance(step, End):
        return PaymentStatus(step.outcome)
    if isinstance(step, Review):
        return PaymentStatus.REVIEW
    if facts.cancel_wanted_at and not facts.cancel_was_refused:
        return PaymentStatus.CANCELLING
    if not facts.current.page:
        return PaymentStatus.OPENING
    if isinstance(step, Wait) and not facts.current.cancels:
        return PaymentStatus.AWAITING_CUSTOMER
    return PaymentStatus.CHECKING


def details_of(facts: Facts, step: Step, now: datetime) -> str:
    """Return Markdown for the Temporal UI: state, what it waits for, last answer."""
    attempt = facts.current
    lines = [f"**{_status(facts, step)}** since {now:%Y-%m-%d %H:%M:%S} UTC", ""]
    lines.append(f"Next: {_words(step)}.")
    lines.append(f"Attempt {facts.request_id(attempt)} with {attempt.wallet}.")
    if word := attempt.last_word:
        said = f"{word.result_code} {word.result_message}".strip()
        lines.append(f"Alipay's last answer: {said or word.verdict}.")
    if unanswered := attempt.calls_without_verdict:
        lines.append(f"Calls that ended without a verdict: {unanswered}.")
    return "\n".join(lines)


def _words(step: Step) -> str:
    match step:
        case Pay():
            return "ask Alipay for the cashier page"
        case Inquire():
            return "ask Alipay what became of the payment"
        case Cancel():
            return "ask Alipay to close the attempt"
        case Wait(until=until):
            return f"wait for a notification, at most until {until:%H:%M:%S} UTC"
        case Review(why=why):
            return f"a person must decide: {why}"
        case End(outcome=outcome):
            return f"nothing, the payment is {outcome}"
