"""A payment in words, for its page in the Temporal UI: Markdown, always up to date."""

from datetime import datetime

from contracts import PaymentOutcome, PaymentStatus, in_words
from visibility import NeedsAttention
from workflows.operator_view.answers import meaning_of
from workflows.operator_view.examples import (
    LEFT_EMPTY,
    example_of,
    example_of_resolve,
)
from workflows.operator_view.listing import listing_of
from workflows.operator_view.runbook import runbook_link
from workflows.payment.attempt import Attempt
from workflows.payment.doubts import find_doubt
from workflows.payment.endings import deadline_of
from workflows.payment.facts import Facts
from workflows.payment.steps import (
    Begin,
    Cancel,
    End,
    GiveBack,
    Inquire,
    LeaveToLateMoney,
    Pay,
    Review,
    Step,
    Wait,
)
from workflows.payment.views import status_of

# Why a payment needs attention, and the chapter of the runbook about it.
_ATTENTION = {
    NeedsAttention.REVIEW: ("A person must decide", "review"),
    NeedsAttention.NO_VERDICT: (
        "Alipay does not answer; it is asked again with growing pauses, and the "
        "payment is neither paid nor unpaid until it answers",
        "alipay-does-not-answer",
    ),
    NeedsAttention.OVERDUE: (
        "Its time to pay is long over, and Alipay has not said how it ended",
        "overdue",
    ),
}


def details_of(facts: Facts, step: Step, *, since: datetime, now: datetime) -> str:
    """Return the current details: state, attention needed, possible updates, facts.

    Instructions stand first, explanations below.

    Args:
        facts: All known facts.
        step: The decided step.
        since: When the payment's status last changed.
        now: The workflow's time.
    """
    order = facts.order
    parts = [
        f"### {status_of(facts, step)} since {_time(since)}",
        _attention(facts, step, now),
        _proposal(facts, step),
        f"**You may:** {_what_may_be_done(facts, step, now)}",
        f"**Order** `{order.order_id}` over {in_words(order.amount)}.",
        f"**Next:** {_next(facts, step)}.",
        _attempt(facts, step, now),
        _last_answer(facts.current),
        _last_notification(facts.current),
    ]
    return "\n\n".join(part for part in parts if part)


def _attention(facts: Facts, step: Step, now: datetime) -> str:
    why = listing_of(facts, step, now).needs_attention
    if why is None:
        return ""
    sentence, chapter = _ATTENTION[NeedsAttention(why)]
    link = runbook_link(facts.order.runbook_url, chapter)
    if doubt := find_doubt(facts):
        sentence = f"{sentence}: {doubt.in_words(facts.order.release)}"
    return f"**Needs attention:** {sentence}.{link}"


def _next(facts: Facts, step: Step) -> str:
    match step:
        case Wait(until=until):
            return words_of_wait(facts, until)
    return words_of(step)


def _attempt(facts: Facts, step: Step, now: datetime) -> str:
    attempt = facts.current
    page = "with a page" if attempt.page else "without a page yet"
    said = f"**Attempt** `{attempt.request_id}` with {attempt.wallet}, {page}"
    # An attempt that is paid or under review is not for the customer to pay.
    if attempt.is_paid or status_of(facts, step) in (
        PaymentStatus.PAID,
        PaymentStatus.REVIEW,
    ):
        return f"{said}."
    is_over = attempt.is_dead or now > attempt.expires_at
    payable = "could be paid" if is_over else "can be paid"
    return f"{said}; it {payable} until {_time(attempt.expires_at)}."


def _last_answer(attempt: Attempt) -> str:
    lines = []
    asked = attempt.last_answered
    if asked and asked.answer:
        code = asked.answer.result_code or asked.answer.verdict
        said = getattr(asked.answer, "result_message", "").strip(" .")
        quoted = f", in its words: {said}" if said else ""
        lines.append(
            f"**Alipay's last answer**, {_time(asked.ended_at)}: `{code}`: "
            f"{meaning_of(asked.answer)}{quoted}."
        )
    if unanswered := attempt.calls_without_verdict:
        lines.append(f"Calls that ended without an answer: {unanswered}.")
    return " ".join(lines)


def _last_notification(attempt: Attempt) -> str:
    # A run that recovers a stopped one has an empty hint, so that it inquires.
    received = (
        one
        for one in attempt.heard
        if one.notification.notify_type or one.notification.result_status
    )
    notified = max(received, key=lambda one: one.at, default=None)
    if notified is None:
        return ""
    said = notified.notification
    paid = f", {in_words(said.amount)}" if said.amount else ""
    return (
        f"**Alipay's last notification**, {_time(notified.at)}: `{said.notify_type}` "
        f"`{said.result_status} {said.result_code}`{paid}."
    )


def _proposal(facts: Facts, step: Step) -> str:
    proposed = facts.proposed
    if proposed is None or isinstance(step, End):
        return ""
    return (
        f"**Proposed:** {proposed.outcome}, by {proposed.by} (reason: "
        f"{proposed.reason}). A second person must say the same."
    )


def _what_may_be_done(facts: Facts, step: Step, now: datetime) -> str:
    match step:
        case End():
            return "nothing more; the result holds the outcome."
        case Review():
            return (
                "look the payment up at Alipay, then settle it with the update "
                f"`resolve`. {_resolve(facts)}"
            )
    cancel = (
        "or close the payment with the update `cancel`. "
        f"{LEFT_EMPTY}\n\n{example_of(reason='', by='')}"
    )
    check = "have Alipay asked at once with the update `check_now`"
    if listing_of(facts, step, now).needs_attention is None:
        return f"{check}, {cancel}"
    return (
        f"{check}. Where Alipay's portal says how it ended, and Alipay does not answer "
        f"here, settle it with the update `resolve`. {_resolve(facts)}\n\n{cancel}"
    )


def _resolve(facts: Facts) -> str:
    proposed = facts.proposed.outcome if facts.proposed else None
    return example_of_resolve(
        PaymentOutcome, PaymentOutcome.CANCELLED, proposed=proposed
    )


def words_of(step: Step) -> str:
    """Return the next step of a payment in words."""
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
        case LeaveToLateMoney(attempt=attempt):
            return f"leave the reported payment of {attempt.request_id} to late money"
        case Wait(until=until):
            return f"wait for a notification, at most until {_time(until)}"
        case Review():
            return "wait for a person's decision"
        case End(outcome=outcome):
            return f"nothing, the payment is {outcome}"


def words_of_wait(facts: Facts, until: datetime) -> str:
    """Return the purpose of a timer in words."""
    if until == deadline_of(facts.current):
        return f"wait for the customer until {_time(until)}, then ask Alipay"
    return f"ask Alipay again at {_time(until)}, or when it sends news"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
