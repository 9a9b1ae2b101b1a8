"""What only a person can settle, and which attempt pays the order beyond doubt."""

from contracts import InquiryVerdict
from workflows.payment.attempt import Attempt
from workflows.payment.facts import Facts
from workflows.releases import NO_ATTEMPT_KEEPS_ANOTHER, money_of


def payer_of(facts: Facts) -> Attempt | None:
    """Return the attempt that pays the order beyond doubt; of several the newest."""
    sound = [one for one in facts.paid if _is_sound(one, facts)]
    certain = [one for one in sound if not one.may_be_cancelled]
    return next(reversed(certain or sound), None)


def reported_paid(facts: Facts) -> Attempt | None:
    """Return the newest attempt that Alipay has reported paid with the order's price.

    Nothing has confirmed it yet. Where a person calls the order paid, it is meant.
    """
    reported = [
        one
        for one in facts.attempts
        if one.given_back_at is None
        and any(it.says_paid and one.fits(it, facts.order.amount) for it in one.heard)
    ]
    return max(reported, key=lambda one: one.number, default=None)


def _is_sound(attempt: Attempt, facts: Facts) -> bool:
    """Whether all that was said of a paid attempt fits the order, and agrees."""
    return _of_attempt(attempt, facts) is None


def is_of_the_order(attempt: Attempt, facts: Facts) -> bool:
    """Whether each success of the attempt is about the order's price."""
    return all(success.amount == facts.order.amount for success in attempt.successes)


def second_charges(payer: Attempt, facts: Facts) -> list[Attempt]:
    """Return the attempts whose money pays for nothing, for `payer` pays the order."""
    paid = {id(one) for one in facts.paid}
    return [
        one
        for one in facts.attempts
        if one is not payer
        and (id(one) in paid or (one.is_paid and one.settled_at is not None))
    ]


def find_doubt(facts: Facts) -> str | None:
    """Say what only a person can settle and what money is at risk, if anything."""
    by_new_rules = facts.order.release >= NO_ATTEMPT_KEEPS_ANOTHER
    if by_new_rules and payer_of(facts):
        return None
    for attempt in facts.attempts:
        if attempt.is_given_back and attempt is not facts.current:
            continue  # settled by a workflow of its own, or by hand
        if by_new_rules and attempt is not facts.current and not attempt.settled_at:
            continue  # Alipay is being asked, or its success is left to late money
        if doubt := _of_attempt(attempt, facts):
            return doubt
    return None


def _of_attempt(attempt: Attempt, facts: Facts) -> str | None:
    release, price = facts.order.release, facts.order.amount
    for success in attempt.successes:
        if success.amount != price:
            return (
                f"{attempt.request_id} was paid with "
                f"{money_of(success.amount, release)} instead of "
                f"{money_of(price, release)}"
            )
        if attempt.payment_id not in (None, success.payment_id):
            return (
                f"{attempt.request_id} was opened as payment {attempt.payment_id} "
                f"and paid, with {money_of(success.amount, release)}, as "
                f"{success.payment_id}"
            )
    return _contradiction(attempt, facts)


def _contradiction(attempt: Attempt, facts: Facts) -> str | None:
    failed = attempt.verdicts(InquiryVerdict.FAIL)
    asked = attempt.verdicts(InquiryVerdict.SUCCESS)
    if (asked and not attempt.is_paid) or (failed and attempt.is_paid):
        paid = money_of(next(attempt.successes).amount, facts.order.release)
        return (
            f"{attempt.request_id}: Alipay has said both that {paid} were paid and "
            "that it ended unpaid"
        )
    return None
