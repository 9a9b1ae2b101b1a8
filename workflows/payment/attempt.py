"""The facts about one attempt at Alipay, and the conclusions from them.

No conclusion depends on the order in which the facts arrived.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from contracts import (
    CancelAnswer,
    CancelVerdict,
    InquiryAnswer,
    InquiryVerdict,
    Money,
    PayAnswer,
    PaymentNotified,
    PayVerdict,
    Settlement,
    SignedEvidence,
    is_refund_of,
    order_named_in,
)
from workflows.releases import (
    DECLINED_MEANS_DECLINED,
    PROOF_IS_VERIFIED,
    REFUNDED_ORDER_IS_PAID,
    SUCCESS_HAS_AN_AMOUNT,
)

# The wallets' usual default (docs/protocol.md 2.1.2), for an attempt without a page. It
# is not read from the table of wallets, `alipay/wallets.toml`: timers of recorded
# histories were set by it, so it may only change for payments that a new release
# begins.
USUAL_EXPIRY = timedelta(minutes=14)
# ORDER_NOT_EXIST counts after three inquiries, 15 s apart (docs/protocol.md 3.5) ...
NOT_EXIST_TRIES = 3
NOT_EXIST_GAP = timedelta(seconds=15)
# ... and once the last call cannot be under way any more: twice its longest time-out.
IN_FLIGHT = timedelta(seconds=40)
# How many different successes of one attempt are kept besides those that fit it: from
# the second on a person decides, and they never displace one that fits.
MOST_SUCCESSES = 50
# ... older releases kept the first ones, whether they fitted or not.
MOST_SUCCESSES_BEFORE = 20

AnswerT = TypeVar("AnswerT", covariant=True)


@dataclass(frozen=True)
class Asked(Generic[AnswerT]):
    """A call to Alipay, and its answer; None where there was no verdict."""

    at: datetime
    ended_at: datetime
    answer: AnswerT | None


@dataclass(frozen=True)
class Heard:
    """A verified notification, when it reached the run, and when it reached the API."""

    at: datetime
    notification: PaymentNotified
    received_at: datetime | None = None

    @property
    def says_paid(self) -> bool:
        return self.notification.says_paid

    def says_the_same(self, other: "Heard") -> bool:
        """Whether it repeats the other one; repeats differ in their evidence only."""
        mine, others = self.without_evidence(), other.without_evidence()
        return mine.notification == others.notification

    def without_evidence(self) -> "Heard":
        """Return the same without its evidence."""
        bare = self.notification.model_copy(update={"evidence": None})
        return replace(self, notification=bare)


@dataclass(frozen=True)
class Success:
    """A successful payment as a signed message of Alipay reports it."""

    payment_id: str | None
    amount: Money | None
    paid_at: str | None
    settlement: Settlement | None

    @classmethod
    def reported_by(cls, said: InquiryAnswer | PaymentNotified) -> "Success":
        return cls(said.payment_id, said.amount, said.paid_at, said.settlement)


@dataclass
class Attempt:
    """The facts about one attempt.

    Attributes:
        request_id: Alipay's idempotency key, payment_request_id.
        number: From 1, over all runs of the order.
        wallet: Alipay's code; empty for an attempt of an earlier run.
        begun_at: When this run began it, or got the first notification of it.
        lasts: How long the customer may pay where Alipay has sent no expiry.
        opened_by: The `PageWish.call_id` that caused it.
        given_back_at: When its money was handed over to `LatePayment`.
        release: As in `Order`.
    """

    request_id: str
    number: int
    wallet: str
    begun_at: datetime
    lasts: timedelta = USUAL_EXPIRY
    opened_by: str | None = None
    pays: list[Asked[PayAnswer]] = field(default_factory=list)
    inquiries: list[Asked[InquiryAnswer]] = field(default_factory=list)
    cancels: list[Asked[CancelAnswer]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    given_back_at: datetime | None = None
    release: int = 0

    def add_notification(self, notified: Heard, price: Money) -> bool:
        """Keep a verified notification; return whether it is new.

        Successes that fit the attempt and the order's price are kept, and the newest of
        those that do not fit. Of all other notifications only the newest is kept: each
        is only a hint, and many of them must not make the facts grow.
        """
        if any(known.says_the_same(notified) for known in self.heard):
            return False
        kept = [known for known in self.heard if known.says_paid]
        hints = [known for known in self.heard if not known.says_paid]
        if self.release < SUCCESS_HAS_AN_AMOUNT:
            if notified.says_paid and len(kept) >= MOST_SUCCESSES_BEFORE:
                return False
        elif notified.says_paid:
            kept = self._without_excess([*kept, notified], price)
            self.heard = [*kept, *hints]
            return True
        self.heard = [*kept, *(hints if notified.says_paid else ()), notified]
        return True

    def add_hint(self, notified: Heard) -> None:
        """Keep an unproven notification as a hint, in place of all earlier hints."""
        self.heard = [*(one for one in self.heard if one.says_paid), notified]

    def _without_excess(self, successes: list[Heard], price: Money) -> list[Heard]:
        """Keep the first success that fits, and the newest fitting and other ones."""
        fitting = [one for one in successes if self.fits(one, price)]
        others = [one for one in successes if not self.fits(one, price)]
        kept = [*fitting[:1], *fitting[1:][-MOST_SUCCESSES:], *others[-MOST_SUCCESSES:]]
        return [one for one in successes if one in kept]

    def fits(self, notified: Heard, price: Money) -> bool:
        """Whether a notified success has this attempt's id and the order's price."""
        return self._is_expected(notified) and notified.notification.amount == price

    @property
    def page(self) -> PayAnswer | None:
        """The newest answer with a page on which the customer can pay."""
        pages = self.pay_verdicts(PayVerdict.OPENED)
        newest = max(
            pages,
            key=lambda asked: (asked.at, asked.answer and str(asked.answer.expires_at)),
            default=None,
        )
        return newest.answer if newest else None

    @property
    def payment_id(self) -> str | None:
        """Alipay's payment_id, from the answer to `pay`; all answers have the same."""
        ids = {asked.answer.payment_id for asked in self.pays if asked.answer}
        return min((known for known in ids if known), default=None)

    @property
    def expires_at(self) -> datetime:
        """When the attempt expires, as Alipay said or by the default."""
        given = self.page.expires_at if self.page else None
        expires_at = given or self.begun_at + self.lasts
        if self.release < DECLINED_MEANS_DECLINED:
            return expires_at
        return expires_at.replace(microsecond=0)  # as `pay` sends it

    def pay_verdicts(self, *wanted: PayVerdict) -> list[Asked[PayAnswer]]:
        """The answers to `pay` with one of these verdicts."""
        return [
            asked
            for asked in self.pays
            if asked.answer and asked.answer.verdict in wanted
        ]

    def verdicts(self, *wanted: InquiryVerdict) -> list[Asked[InquiryAnswer]]:
        """The inquiries with one of these verdicts."""
        return [
            asked
            for asked in self.inquiries
            if asked.answer and asked.answer.verdict in wanted
        ]

    @property
    def successes(self) -> Iterator[Success]:
        """All reports of success: by inquiries first, then by notifications.

        A notification with an unexpected payment_id proves nothing; it is a hint.
        """
        for asked in self.verdicts(InquiryVerdict.SUCCESS):
            if asked.answer:
                yield Success.reported_by(asked.answer)
        for notified in self.heard:
            if notified.says_paid and self._is_expected(notified):
                yield Success.reported_by(notified.notification)

    def evidence_of(self, price: Money) -> SignedEvidence | None:
        """The newest signed message that proves the order's price paid."""
        inquiries = [
            (asked.ended_at, asked.answer.evidence.answer)
            for asked in self.verdicts(InquiryVerdict.SUCCESS)
            if asked.answer and asked.answer.evidence and asked.answer.amount == price
        ]
        notified = [
            (one.at, one.notification.evidence)
            for one in self.heard
            if one.notification.evidence and one.says_paid and self.fits(one, price)
        ]
        newest = max([*inquiries, *notified], key=lambda it: it[0], default=None)
        return newest[1] if newest else None

    @property
    def hints(self) -> Iterator[datetime]:
        """The times of messages and answers that make an inquiry necessary."""
        for notified in self.heard:
            if not notified.says_paid or not self._is_expected(notified):
                yield notified.at
        for cancelled in self.cancels:
            yield cancelled.ended_at
        for paid in self.pays:
            if not paid.answer or paid.answer.verdict is not PayVerdict.OPENED:
                yield paid.ended_at

    def _is_expected(self, notified: Heard) -> bool:
        said = notified.notification
        if self.release >= SUCCESS_HAS_AN_AMOUNT and not (
            said.amount and said.payment_id
        ):
            return False
        return self.payment_id in (None, said.payment_id)

    @property
    def answered_at(self) -> datetime | None:
        """When the newest inquiry with a verdict was sent."""
        return max((asked.at for asked in self.inquiries if asked.answer), default=None)

    @property
    def settled_at(self) -> datetime | None:
        """When the newest inquiry with a final verdict was sent."""
        final = self.verdicts(
            InquiryVerdict.SUCCESS, InquiryVerdict.FAIL, InquiryVerdict.CANCELLED
        )
        return max((asked.at for asked in final), default=None)

    def was_inquired_since(self, at: datetime) -> bool:
        """Whether an inquiry, answered or not, was sent at this time or later."""
        return any(asked.at >= at for asked in self.inquiries)

    @property
    def is_cancelled_by_us(self) -> bool:
        return any(
            asked.answer and asked.answer.verdict is CancelVerdict.CANCELLED
            for asked in self.cancels
        )

    def refused_cancel_since(self, at: datetime) -> bool:
        """Whether a cancel sent since then was refused while the attempt was unpaid.

        Alipay, or the wallet's rules, refused it, and an inquiry was sent after that.
        """
        return any(
            asked.answer
            and asked.answer.verdict is not CancelVerdict.CANCELLED
            and asked.at >= at
            and self.was_inquired_since(asked.ended_at)
            for asked in self.cancels
        )

    def is_own_answer(self, at: datetime) -> bool:
        """Whether a `pay` or `cancel` ended at this time, with or without a verdict."""
        return any(asked.ended_at == at for asked in [*self.pays, *self.cancels])

    @property
    def is_paid(self) -> bool:
        """Whether it is paid, and the money has not gone back.

        Alipay refunds a payment that is cancelled, by us or by somebody else, even if a
        success is notified before or after (docs/protocol.md 3.6).
        """
        gone_back = (
            self.is_given_back
            or self.is_cancelled_by_us
            or bool(self.verdicts(InquiryVerdict.CANCELLED))
        )
        return not gone_back and any(self.successes)

    @property
    def is_given_back(self) -> bool:
        """Whether its money was returned, or is being returned, after it was paid.

        Refunds by the order's `OrderRefunds` workflow do not count: the merchant
        requested them, of money that had paid the order (decision 42).
        """
        refunded = any(
            asked.answer and self._is_returned_by(asked.answer)
            for asked in self.inquiries
        )
        return refunded or self.given_back_at is not None

    def _is_returned_by(self, said: InquiryAnswer) -> bool:
        if self.release < REFUNDED_ORDER_IS_PAID or not said.refunded_by:
            return said.is_refunded
        order_id = order_named_in(self.request_id)
        return not all(is_refund_of(order_id, one) for one in said.refunded_by)

    @property
    def cancel_is_certain_at(self) -> datetime | None:
        """From when on a cancel without a verdict can no longer be under way."""
        unclear = [one.ended_at for one in self.cancels if self._is_unclear(one)]
        return max(unclear) + IN_FLIGHT if unclear else None

    def _is_unclear(self, cancel: Asked[CancelAnswer]) -> bool:
        """Whether a cancel without a signed answer may have taken effect.

        Where the wallet does not allow a cancel, nothing was sent, and so nothing
        signed.
        """
        if cancel.answer is None:
            return True
        is_unsigned = cancel.answer.verdict is CancelVerdict.NOT_ALLOWED
        return is_unsigned and self.release >= PROOF_IS_VERIFIED

    @property
    def may_be_cancelled(self) -> bool:
        """Whether a cancel of ours without a verdict may have taken effect."""
        certain_at = self.cancel_is_certain_at
        if certain_at is None:
            return False
        return self.answered_at is None or self.answered_at < certain_at

    @property
    def is_dead(self) -> bool:
        """Whether Alipay has said that this attempt will never be paid."""
        return (
            bool(self.verdicts(InquiryVerdict.FAIL, InquiryVerdict.CANCELLED))
            or self._is_refused_for_certain
            or self.never_existed
        )

    @property
    def _is_refused_for_certain(self) -> bool:
        # A refusal of a repeated call says nothing about the calls before it.
        refusals = self.pay_verdicts(PayVerdict.REFUSED, PayVerdict.ID_IS_DEAD)
        return len(self.pays) == 1 and any(
            asked.answer and asked.answer.certain for asked in refusals
        )

    @property
    def never_existed(self) -> bool:
        """Whether Alipay has answered NOT_EXIST often enough."""
        if self.payment_id:
            return False  # Alipay has named it before: this answer is a lag or a fault
        last_pay = max((asked.ended_at for asked in self.pays), default=self.begun_at)
        counted: list[datetime] = []
        for at in sorted(asked.at for asked in self.verdicts(InquiryVerdict.NOT_EXIST)):
            if at >= last_pay and (not counted or at - counted[-1] >= NOT_EXIST_GAP):
                counted.append(at)
        if len(counted) < NOT_EXIST_TRIES:
            return False
        return counted[-1] - last_pay >= IN_FLIGHT

    @property
    def is_known_to_alipay(self) -> bool:
        """Whether an inquiry has found it at Alipay, in any state."""
        return any(
            asked.answer and asked.answer.verdict is not InquiryVerdict.NOT_EXIST
            for asked in self.inquiries
        )

    @property
    def last_answered(
        self,
    ) -> Asked[PayAnswer | InquiryAnswer | CancelAnswer] | None:
        """The newest call of any kind that Alipay has answered."""
        answered = [asked for asked in self._questions if asked.answer]
        return max(answered, key=lambda asked: asked.ended_at, default=None)

    @property
    def last_answer(self) -> PayAnswer | InquiryAnswer | CancelAnswer | None:
        """Alipay's newest answer of any kind."""
        return self.last_answered.answer if self.last_answered else None

    @property
    def calls_without_verdict(self) -> int:
        return sum(1 for asked in self._questions if asked.answer is None)

    @property
    def lacks_a_verdict(self) -> bool:
        """Whether the last call of some kind, with its quick retries, got no verdict.

        An answer to a call of another kind does not count: Alipay may answer an inquiry
        with NOT_EXIST while it does not answer `pay`.
        """
        if self.is_dead or self.is_paid:
            return False
        kinds = (self.pays, self.inquiries, self.cancels)
        return any(asked and asked[-1].answer is None for asked in kinds)

    @property
    def _questions(self) -> list[Asked[PayAnswer | InquiryAnswer | CancelAnswer]]:
        return [*self.pays, *self.inquiries, *self.cancels]
