"""The decision: facts in, next step out. Pure, and blind to the order of arrival.

The workflow only gathers facts and carries out what is decided here, so everything that
a payment may come to can be read, and tested, in this file.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts import InquiryVerdict, PaymentOutcome, PayVerdict
from workflows.attempt import Attempt, Success
from workflows.facts import Facts
from workflows.pace import HINT_GAP, pause
from workflows.releases import PROOF_IS_ENOUGH, money_of

# Alipay closes a payment some seconds after its expiry; asking earlier only asks twice.
EXPIRY_MARGIN = timedelta(seconds=30)
# Answers of `pay` after which an attempt will never have a page ...
PAGELESS = (
    PayVerdict.REFUSED,
    PayVerdict.ID_IS_DEAD,
    PayVerdict.ID_DIFFERS,
    PayVerdict.NO_PAGE,
)
# ... and those of them that ask for the next number, once the attempt is dead.
WRONG_NUMBER = (PayVerdict.ID_IS_DEAD, PayVerdict.ID_DIFFERS)
# Numbers in a row that other runs may have used up before we stop and say so.
MOST_WRONG_NUMBERS = 30


@dataclass(frozen=True)
class Begin:
    """Begin the next attempt, the former one being certainly over."""

    number: int
    wallet: str


@dataclass(frozen=True)
class Pay:
    """Ask Alipay to open the attempt, or to tell again what it answered."""

    attempt: Attempt


@dataclass(frozen=True)
class Inquire:
    """Ask Alipay what became of the attempt."""

    attempt: Attempt


@dataclass(frozen=True)
class Cancel:
    """Ask Alipay to close the attempt, so that nobody can pay it late."""

    attempt: Attempt


@dataclass(frozen=True)
class GiveBack:
    """Return the money of an attempt, for a later one has paid the order as well."""

    attempt: Attempt


@dataclass(frozen=True)
class Wait:
    """Nothing to do before this time, unless news arrive."""

    until: datetime


@dataclass(frozen=True)
class Review:
    """A person must decide; the text says why and what money is at risk."""

    why: str


@dataclass(frozen=True)
class End:
    """The payment is over."""

    outcome: PaymentOutcome
    attempt: Attempt
    success: Success | None = None


Step = Begin | Pay | Inquire | Cancel | GiveBack | Wait | Review | End


def decide(facts: Facts, now: datetime) -> Step:
    """Say what to do next for an order's payment.

    Args:
        facts: All that is known; at least one attempt.
        now: The workflow's time.
    """
    attempt = facts.current
    if facts.resolution:
        outcome = PaymentOutcome(facts.resolution.outcome)
        return End(outcome, attempt, next(attempt.successes, None))
    for asked in facts.attempts:
        if asked.is_paid and asked.may_be_cancelled:
            return _until_cancel_is_certain(asked, now)
        if hint := _unanswered_hint(asked, facts, now):
            return _inquire(asked, hint, now)
    paid = facts.paid
    # Also where the later one is in doubt: no order keeps two charges meanwhile.
    if len(paid) > 1 and _is_of_the_order(paid[0], facts):
        return GiveBack(paid[0])
    if doubt := find_doubt(facts):
        # While a person thinks, nobody shall be able to pay yet another attempt.
        if attempt.pays and not attempt.is_dead and not any(attempt.successes):
            return _close(attempt, facts, now)
        return Review(doubt)
    if paid and (attempt in paid or attempt.is_dead or not attempt.pays):
        return End(PaymentOutcome.PAID, paid[-1], next(paid[-1].successes))
    if attempt.is_dead:
        return _begin_next(attempt, facts) or End(
            _how_it_ended(attempt, facts), attempt
        )
    if paid or _shall_close(attempt, facts, now):
        return _close(attempt, facts, now)
    if not attempt.page:
        return _open(attempt, now)
    return Wait(deadline_of(attempt))


def find_doubt(facts: Facts) -> str | None:
    """Say what only a person can settle and what money is at risk, if anything."""
    release = facts.order.release
    for attempt in facts.attempts:
        if attempt.is_given_back and attempt is not facts.current:
            continue  # settled by a workflow of its own, or by hand
        for success in attempt.successes:
            if success.amount != facts.order.amount:
                return (
                    f"{attempt.request_id} was paid with "
                    f"{money_of(success.amount, release)} instead of "
                    f"{money_of(facts.order.amount, release)}"
                )
            if attempt.payment_id not in (None, success.payment_id):
                return (
                    f"{attempt.request_id} was opened as payment {attempt.payment_id} "
                    f"and paid, with {money_of(success.amount, release)}, as "
                    f"{success.payment_id}"
                )
        failed = attempt.verdicts(InquiryVerdict.FAIL)
        asked = attempt.verdicts(InquiryVerdict.SUCCESS)
        if (asked and not attempt.is_paid) or (failed and attempt.is_paid):
            paid = money_of(next(attempt.successes).amount, release)
            return (
                f"{attempt.request_id}: Alipay has said both that {paid} were paid and "
                "that it ended unpaid"
            )
    return None


def _is_of_the_order(attempt: Attempt, facts: Facts) -> bool:
    return all(success.amount == facts.order.amount for success in attempt.successes)


def deadline_of(attempt: Attempt) -> datetime:
    """Return when a silent attempt is asked about: its expiry and a margin."""
    return attempt.expires_at + EXPIRY_MARGIN


def _unanswered_hint(attempt: Attempt, facts: Facts, now: datetime) -> datetime | None:
    """Return the time of the newest reason to inquire that no inquiry has answered."""
    if attempt is not facts.current:
        # Certainly over when the next began; what is heard since must be made certain.
        hints = [heard.at for heard in attempt.heard]
        answered_at = attempt.settled_at
    elif attempt.pays:
        hints = [*attempt.hints, *_wishes(facts)]
        hints += [due for due in [deadline_of(attempt)] if now >= due]
        answered_at = attempt.answered_at
    else:
        return None  # nothing was sent yet: there is nothing to ask about
    newest = max(hints, default=None)
    if newest is None or (answered_at and answered_at >= newest):
        return None
    if attempt is facts.current and _is_settled(attempt, facts, newest):
        return None
    return newest


def _is_settled(attempt: Attempt, facts: Facts, hint: datetime) -> bool:
    """Whether no inquiry is needed any more: it is certainly dead, or proven paid.

    Somebody who asks for one gets it all the same, unless nothing keeps the payment
    from its end as PAID: Alipay may not answer inquiries for hours.
    """
    if facts.order.release >= PROOF_IS_ENOUGH and attempt.is_paid:
        return find_doubt(facts) is None or hint != facts.check_wanted_at
    return (attempt.is_dead or attempt.is_paid) and hint != facts.check_wanted_at


def _wishes(facts: Facts) -> list[datetime]:
    wish = facts.wallet_wish
    switch = wish if wish and facts.wallet_wanted != facts.current.wallet else None
    wishes = (facts.check_wanted_at, facts.cancel_wanted_at, switch and switch.at)
    return [at for at in wishes if at]


def _inquire(attempt: Attempt, hint: datetime, now: datetime) -> Step:
    """Inquire now, or as soon as the pace allows it: hints from outside may flood."""
    asked = [asked.at for asked in attempt.inquiries]
    in_vain = sum(1 for at in asked if at >= hint)
    if not asked or (attempt.is_own_answer(hint) and not in_vain):
        return Inquire(attempt)
    gap = pause(attempt.request_id, in_vain - 1) if in_vain else HINT_GAP
    return _at(max(asked) + gap, Inquire(attempt), now)


def _until_cancel_is_certain(attempt: Attempt, now: datetime) -> Step:
    """Inquire once a cancel without a verdict cannot be under way any more."""
    due = attempt.cancel_is_certain_at or now
    in_vain = [asked.at for asked in attempt.inquiries if asked.at >= due]
    if in_vain:
        due = max(in_vain) + pause(attempt.request_id, len(in_vain) - 1)
    return _at(due, Inquire(attempt), now)


def _open(attempt: Attempt, now: datetime) -> Step:
    """Ask for the page; again with growing pauses while there was no verdict."""
    if not attempt.pays:
        return Pay(attempt)
    last = max(asked.ended_at for asked in attempt.pays)
    return _at(
        last + pause(attempt.request_id, len(attempt.pays) - 1), Pay(attempt), now
    )


def _shall_close(attempt: Attempt, facts: Facts, now: datetime) -> bool:
    """Whether nobody shall pay this attempt any more: unwanted, over, or pageless."""
    return (
        facts.cancel_wanted_at is not None
        or facts.wallet_wanted != attempt.wallet
        or now >= deadline_of(attempt)
        or bool(attempt.pay_verdicts(*PAGELESS))
    )


def _close(attempt: Attempt, facts: Facts, now: datetime) -> Step:
    """Cancel; where Alipay refuses that, go on asking until Alipay has closed it."""
    if not attempt.pays:
        # Nothing of it has ever reached Alipay.
        return _begin_next(attempt, facts) or End(PaymentOutcome.CANCELLED, attempt)
    deadline = deadline_of(attempt)
    wanted = [attempt.begun_at, *_wishes(facts)]
    since = deadline if now >= deadline else max(wanted)
    answered = [
        asked.ended_at
        for asked in attempt.cancels
        if asked.answer and (asked.at >= since or attempt.is_cancelled_by_us)
    ]
    if not answered:
        in_vain = [asked.ended_at for asked in attempt.cancels if asked.at >= since]
        if not in_vain:
            return Cancel(attempt)
        gap = pause(attempt.request_id, len(in_vain) - 1)
        return _at(max(in_vain) + gap, Cancel(attempt), now)
    if attempt.page and now < deadline and not attempt.is_cancelled_by_us:
        return Wait(deadline)  # the wallet does not let go; the customer may still pay
    polls = [asked.at for asked in attempt.inquiries if asked.at >= max(answered)]
    if not polls:
        return Inquire(attempt)
    return _at(
        max(polls) + pause(attempt.request_id, len(polls) - 1), Inquire(attempt), now
    )


def _begin_next(attempt: Attempt, facts: Facts) -> Begin | None:
    """Go on with another wallet, or with a number that nobody has used up."""
    if facts.cancel_wanted_at is not None or facts.paid:
        return None
    wrong = sum(1 for one in facts.attempts if one.pay_verdicts(*WRONG_NUMBER))
    wish = facts.wallet_wish
    # Also where the customer came back to a wallet whose page was being closed.
    for_a_wish = wish is not None and any(
        asked.at < deadline_of(attempt) for asked in attempt.cancels
    )
    switched = facts.wallet_wanted != attempt.wallet or (
        for_a_wish and attempt.is_cancelled_by_us
    )
    misnumbered = bool(attempt.pay_verdicts(*WRONG_NUMBER))
    if switched or (misnumbered and wrong < MOST_WRONG_NUMBERS):
        number = max(one.number for one in facts.attempts) + 1
        return Begin(number, facts.wallet_wanted)
    return None


def _how_it_ended(attempt: Attempt, facts: Facts) -> PaymentOutcome:
    if facts.cancel_wanted_at is not None:
        return PaymentOutcome.CANCELLED
    if attempt.pay_verdicts(*PAGELESS):
        return PaymentOutcome.DECLINED
    if attempt.is_cancelled_by_us:
        return PaymentOutcome.EXPIRED
    if attempt.verdicts(InquiryVerdict.CANCELLED):
        return PaymentOutcome.CANCELLED  # at Alipay's dashboard, by the merchant
    failed = attempt.verdicts(InquiryVerdict.FAIL)
    at_its_end = all(asked.at >= attempt.expires_at for asked in failed)
    return PaymentOutcome.EXPIRED if at_its_end else PaymentOutcome.DECLINED


def _at(due: datetime, step: Pay | Inquire | Cancel, now: datetime) -> Step:
    return step if now >= due else Wait(due)
