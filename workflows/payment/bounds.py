"""Limits the facts that a continued run takes over, without a change of decision.

A continued run begins with its facts as input, which Temporal refuses above 2 MiB. They
come from outside, thousands of them where something is wrong, so none of their lists
may grow without end. Only facts that would not change the decision are left out.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import TypeVar

from contracts import InquiryAnswer, InquiryVerdict, Money
from workflows.payment.attempt import Asked, Attempt, Heard

# Of the current attempt's calls of one kind; pauses stop growing long before.
MOST_QUESTIONS = 50
# Of another attempt's calls: three decide whether it has ever existed.
MOST_OF_OTHERS = 3
# Different answers about one attempt: Alipay gives one or two, a faulty Alipay more.
MOST_KINDS = 10
# Of a signed message that stays with the facts, in bytes; Alipay's have one to five
# thousand. Where the proof of a longer one is needed, Alipay is asked again.
LONGEST_PROOF = 8 * 1024
# Attempts of other runs, or long over.
MOST_ATTEMPTS = 50

FINAL = (InquiryVerdict.SUCCESS, InquiryVerdict.FAIL, InquiryVerdict.CANCELLED)

AnswerT = TypeVar("AnswerT")


def bounded(attempt: Attempt, price: Money, *, is_current: bool) -> Attempt:
    """Return the attempt as a new run needs it.

    Args:
        attempt: The attempt with all its facts.
        price: The order's amount.
        is_current: Whether it is the newest attempt of the order, whose facts count.
    """
    most = MOST_QUESTIONS if is_current else MOST_OF_OTHERS
    fitting = [one for one in attempt.inquiries if _pays(one, attempt, price)]
    notified = attempt.heard if is_current else attempt.heard[-MOST_OF_OTHERS:]
    return replace(
        attempt,
        pays=_kept(attempt.pays, most, lambda it: (it.verdict, it.payment_id)),
        inquiries=_kept(
            attempt.inquiries,
            most,
            lambda it: (
                it.verdict,
                it.payment_id,
                it.amount,
                it.is_refunded,
                it.refunded_by,
            ),
            always=[*fitting[:1], *fitting[-1:]],
        ),
        cancels=_kept(attempt.cancels, most, lambda it: it.verdict),
        heard=_with_some_evidence(notified, attempt, price),
    )


def settled(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Return the attempts whose money is not at risk any more.

    Such an attempt can be left out: Alipay's next notification adds it again.
    """
    return [
        one
        for one in attempts
        if one.given_back_at is not None
        or (not any(one.successes) and (one.is_dead or not one.heard))
    ]


def _with_some_evidence(
    notified: Sequence[Heard], attempt: Attempt, price: Money
) -> list[Heard]:
    """Keep the evidence of the first success that fits, and of the newest of all.

    Alipay is asked again about successes without evidence.
    """
    fitting = [one for one in notified if one.says_paid and attempt.fits(one, price)]
    proven = {id(one) for one in [*fitting[:1], *notified[-MOST_OF_OTHERS:]]}
    return [one if id(one) in proven else one.without_evidence() for one in notified]


def _pays(asked: Asked[InquiryAnswer], attempt: Attempt, price: Money) -> bool:
    said = asked.answer
    return (
        said is not None
        and said.verdict in FINAL
        and said.amount == price
        and attempt.payment_id in (None, said.payment_id)
    )


def _kept(
    asked: Sequence[Asked[AnswerT]],
    most: int,
    kind_of: Callable[[AnswerT], Hashable],
    *,
    always: Sequence[Asked[AnswerT]] = (),
) -> list[Asked[AnswerT]]:
    """Keep the newest calls, and the first and last of each kind of answer."""
    in_time = sorted(asked, key=lambda one: (one.at, one.ended_at))
    first: dict[Hashable, Asked[AnswerT]] = {}
    last: dict[Hashable, Asked[AnswerT]] = {}
    for one in in_time:
        if one.answer is not None:
            first.setdefault(kind_of(one.answer), one)
            last[kind_of(one.answer)] = one
    kept = [
        *always,
        *list(first.values())[:MOST_KINDS],
        *list(last.values())[:MOST_KINDS],
        *in_time[-most:],
    ]
    wanted = {id(one) for one in kept}
    return [one for one in asked if id(one) in wanted]
