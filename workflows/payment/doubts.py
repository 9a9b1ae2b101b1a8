"""Finds doubts that only a person can settle, and the attempt that pays the order."""

from dataclasses import dataclass

from contracts import RELEASE, InquiryVerdict, Money
from workflows.payment.attempt import Attempt
from workflows.payment.facts import Facts
from workflows.releases import ATTEMPTS_END_INDEPENDENTLY, money_of


@dataclass(frozen=True)
class OtherAmount:
    """An attempt was paid with another amount than the order's price."""

    payment_request_id: str
    paid: Money | None
    price: Money

    def in_words(self, release: int) -> str:
        paid, price = money_of(self.paid, release), money_of(self.price, release)
        return f"{self.payment_request_id} was paid with {paid} instead of {price}"


@dataclass(frozen=True)
class OtherPaymentId:
    """An attempt was opened with one payment_id, and paid with another one."""

    payment_request_id: str
    paid: Money | None
    opened_as: str | None
    paid_as: str | None

    def in_words(self, release: int) -> str:
        return (
            f"{self.payment_request_id} was opened as payment {self.opened_as} "
            f"and paid, with {money_of(self.paid, release)}, as {self.paid_as}"
        )


@dataclass(frozen=True)
class PaidAndUnpaid:
    """Alipay has said both that an attempt was paid and that it was not."""

    payment_request_id: str
    paid: Money | None

    def in_words(self, release: int) -> str:
        return (
            f"{self.payment_request_id}: Alipay has said both that "
            f"{money_of(self.paid, release)} were paid and that it ended unpaid"
        )


@dataclass(frozen=True)
class NoEnd:
    """Not a doubt, but an attempt that has waited so long that it needs attention."""

    payment_request_id: str

    def in_words(self, release: int) -> str:
        return f"{self.payment_request_id} has no end yet"


Doubt = OtherAmount | OtherPaymentId | PaidAndUnpaid


def is_about(doubt: Doubt | NoEnd, words: str) -> bool:
    """Whether a text of this release, or of an older one, describes this doubt.

    A proposal keeps the text in which its doubt was shown. It stays open for its second
    person after a release that words the doubt differently.
    """
    return any(doubt.in_words(release) == words for release in range(RELEASE + 1))


def payer_of(facts: Facts) -> Attempt | None:
    """Return the attempt that certainly pays the order; of several the newest."""
    sound = [one for one in facts.paid if _is_sound(one, facts)]
    certain = [one for one in sound if not one.may_be_cancelled]
    return next(reversed(certain or sound), None)


def reported_paid(facts: Facts) -> Attempt | None:
    """Return the newest attempt that Alipay has reported paid with the order's price.

    No inquiry has confirmed it yet. A person who resolves the order as PAID means this
    one.
    """
    reported = [
        one
        for one in facts.attempts
        if one.given_back_at is None
        and any(it.says_paid and one.fits(it, facts.order.amount) for it in one.heard)
    ]
    return max(reported, key=lambda one: one.number, default=None)


def _is_sound(attempt: Attempt, facts: Facts) -> bool:
    """Whether all messages about a paid attempt fit the order, and agree."""
    return _of_attempt(attempt, facts) is None


def is_of_the_order(attempt: Attempt, facts: Facts) -> bool:
    """Whether each success of the attempt is of the order's price."""
    return all(success.amount == facts.order.amount for success in attempt.successes)


def second_charges(payer: Attempt, facts: Facts) -> list[Attempt]:
    """Return the paid attempts besides `payer`, which pays the order."""
    paid = {id(one) for one in facts.paid}
    return [
        one
        for one in facts.attempts
        if one is not payer
        and (id(one) in paid or (one.is_paid and one.settled_at is not None))
    ]


def find_doubt(facts: Facts) -> Doubt | None:
    """Return the doubt that only a person can settle, with the money at risk."""
    by_new_rules = facts.order.release >= ATTEMPTS_END_INDEPENDENTLY
    if by_new_rules and payer_of(facts):
        return None
    for attempt in facts.attempts:
        if attempt.is_given_back and attempt is not facts.current:
            continue  # settled by a `LatePayment`, or by a person
        if by_new_rules and attempt is not facts.current and not attempt.settled_at:
            continue  # Alipay is being asked, or its success is left to late money
        if doubt := _of_attempt(attempt, facts):
            return doubt
    return None


def _of_attempt(attempt: Attempt, facts: Facts) -> Doubt | None:
    name, price = attempt.request_id, facts.order.amount
    for success in attempt.successes:
        if success.amount != price:
            return OtherAmount(name, success.amount, price)
        if attempt.payment_id not in (None, success.payment_id):
            return OtherPaymentId(
                name, success.amount, attempt.payment_id, success.payment_id
            )
    failed = attempt.verdicts(InquiryVerdict.FAIL)
    asked = attempt.verdicts(InquiryVerdict.SUCCESS)
    if (asked and not attempt.is_paid) or (failed and attempt.is_paid):
        return PaidAndUnpaid(name, next(attempt.successes).amount)
    return None
