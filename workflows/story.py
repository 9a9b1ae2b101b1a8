"""Tells a payment's facts: to shops as a view, to operators as words in the UI."""

from datetime import datetime

from contracts import (
    AttemptView,
    PaymentStatus,
    PaymentView,
    Resolved,
)
from workflows.attempt import Attempt
from workflows.decision import (
    Begin,
    Cancel,
    End,
    GiveBack,
    Inquire,
    Pay,
    Review,
    Step,
    Wait,
    deadline_of,
    find_doubt,
)
from workflows.facts import Facts


def view_of(facts: Facts, step: Step, *, closed_at: datetime | None) -> PaymentView:
    """Return what is known of the payment, and what it is about to do."""
    end = step if isinstance(step, End) else None
    success = end.success if end else None
    refusal = end.attempt.last_word if end and not success else None
    decided = facts.resolution
    paid = facts.paid
    return PaymentView(
        order_id=facts.order.order_id,
        amount=facts.order.amount,
        status=_status(facts, step),
        outcome=end.outcome if end else None,
        attempts=[
            _attempt_view(
                one, is_paid=one in paid, may_be_opened=end is not None or not paid
            )
            for one in facts.attempts
        ],
        result_code=refusal.result_code if refusal else None,
        result_message=refusal.result_message if refusal else None,
        paid_at=success.paid_at if success else None,
        settlement=success.settlement if success else None,
        review=None if end else find_doubt(facts),
        resolved=Resolved(by=decided.by, reason=decided.reason) if decided else None,
        started_at=facts.started_at,
        closed_at=closed_at,
        opened_by=facts.current.opened_by,
    )


def _attempt_view(
    attempt: Attempt, *, is_paid: bool, may_be_opened: bool
) -> AttemptView:
    return AttemptView(
        payment_request_id=attempt.request_id,
        wallet=attempt.wallet,
        payment_id=attempt.payment_id,
        # Where the order is paid already, nobody shall be sent to pay again.
        cashier=attempt.page.cashier if attempt.page and may_be_opened else None,
        expires_at=attempt.expires_at,
        is_paid=is_paid,
    )


def _status(facts: Facts, step: Step) -> PaymentStatus:
    if isinstance(step, End):
        return PaymentStatus(step.outcome)
    if find_doubt(facts):
        return PaymentStatus.REVIEW
    wanted_at = facts.cancel_wanted_at
    if wanted_at and not facts.current.refused_cancel_since(wanted_at):
        return PaymentStatus.CANCELLING
    if not facts.current.page:
        return PaymentStatus.OPENING
    if isinstance(step, Wait) and not _is_overdue(facts, step):
        return PaymentStatus.AWAITING_CUSTOMER
    return PaymentStatus.CHECKING


def details_of(facts: Facts, step: Step, now: datetime) -> str:
    """Return Markdown for the Temporal UI: state, what it waits for, last answer."""
    attempt = facts.current
    lines = [f"**{_status(facts, step)}**, as of {now:%Y-%m-%d %H:%M:%S} UTC", ""]
    if doubt := find_doubt(facts):
        lines.append(f"A person must decide: {doubt}.")
    lines.append(f"Next: {words_of(step)}.")
    lines.append(f"Attempt {attempt.request_id} with {attempt.wallet}.")
    if word := attempt.last_word:
        said = f"{word.result_code} {word.result_message}".strip(" .")
        lines.append(f"Alipay's last answer: {said or word.verdict}.")
    if unanswered := attempt.calls_without_verdict:
        lines.append(f"Calls that ended without a verdict: {unanswered}.")
    return "\n".join(lines)


def words_of(step: Step) -> str:
    """Say in words what a payment does next."""
    match step:
        case Begin(wallet=wallet):
            return f"begin another attempt, with {wallet}"
        case Pay():
            return "ask Alipay for the cashier page"
        case Inquire():
            return "ask Alipay what became of the payment"
        case Cancel():
            return "ask Alipay to close the attempt"
        case GiveBack(attempt=attempt):
            return f"have the money of {attempt.request_id} given back"
        case Wait(until=until):
            return f"wait for a notification, at most until {until:%H:%M:%S} UTC"
        case Review():
            return "wait for a person's decision"
        case End(outcome=outcome):
            return f"nothing, the payment is {outcome}"


def _is_overdue(facts: Facts, step: Wait) -> bool:
    """Whether the wait is a pause between questions, and not for the customer."""
    return step.until != deadline_of(facts.current)
