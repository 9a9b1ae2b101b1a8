"""What is known of a payment: facts gathered, and what they say when taken together.

Nothing here depends on the order in which facts arrived, only on what they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from contracts import (
    CancelAnswer,
    CancelVerdict,
    CancelWish,
    InquiryAnswer,
    InquiryVerdict,
    Money,
    Order,
    PayAnswer,
    PaymentNotified,
    PayVerdict,
    Settlement,
    payment_request_id,
)

# The wallets' usual default (docs/protocol.md 2.1.2), for an attempt without a page.
USUAL_EXPIRY = timedelta(minutes=14)
# ORDER_NOT_EXIST counts after three inquiries, 15 s apart (docs/protocol.md 3.5) ...
NOT_EXIST_TRIES = 3
NOT_EXIST_GAP = timedelta(seconds=15)
# ... and once the last `pay` cannot be under way any more: twice its longest time-out.
NOT_EXIST_GRACE = timedelta(seconds=40)

AnswerT = TypeVar("AnswerT", covariant=True)


@dataclass(frozen=True)
class Asked(Generic[AnswerT]):
    """A question put to Alipay, and its answer; None where there was no verdict."""

    at: datetime
    ended_at: datetime
    answer: AnswerT | None


@dataclass(frozen=True)
class Heard:
    """A verified notification, and when it came."""

    at: datetime
    notification: PaymentNotified

    @property
    def says_paid(self) -> bool:
        """Whether it is a success; PAYMENT_PENDING with S is not (protocol 2.3)."""
        return (
            self.notification.notify_type == "PAYMENT_RESULT"
            and self.notification.result_status == "S"
        )


@dataclass(frozen=True)
class Success:
    """What a signed message says was paid."""

    payment_id: str | None
    amount: Money | None
    paid_at: str | None
    settlement: Settlement | None


@dataclass
class Attempt:
    """The facts about one attempt at Alipay."""

    number: int
    wallet: str
    begun_at: datetime
    opened_by: str | None = None
    pays: list[Asked[PayAnswer]] = field(default_factory=list)
    inquiries: list[Asked[InquiryAnswer]] = field(default_factory=list)
    cancels: list[Asked[CancelAnswer]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)

    @property
    def page(self) -> PayAnswer | None:
        """The newest answer with a page on which the customer can pay."""
        pages = [
            (asked.at, asked.answer)
            for asked in self.pays
            if asked.answer and asked.answer.verdict is PayVerdict.OPENED
        ]
        return max(pages, key=lambda page: page[0])[1] if pages else None

    @property
    def payment_id(self) -> str | None:
        """Alipay's id, as `pay` told it."""
        ids = [asked.answer.payment_id for asked in self.pays if asked.answer]
        return next((known for known in ids if known), None)

    def expires_at(self, order: Order) -> datetime:
        """When the customer can no longer pay."""
        if self.page and self.page.expires_at:
            return self.page.expires_at
        wanted = order.expires_in_minutes
        return self.begun_at + (timedelta(minutes=wanted) if wanted else USUAL_EXPIRY)

    def wanted_expiry(self, order: Order) -> datetime | None:
        """The expiry to ask Alipay for; None for the wallet's default."""
        return self.expires_at(order) if order.expires_in_minutes else None

    def verdicts(self, *wanted: InquiryVerdict) -> list[Asked[InquiryAnswer]]:
        """The inquiries that ended in one of these verdicts."""
        return [
            asked
            for asked in self.inquiries
            if asked.answer and asked.answer.verdict in wanted
        ]

    def refusals(self, *wanted: PayVerdict) -> list[Asked[PayAnswer]]:
        """The answers of `pay` with one of these verdicts."""
        return [
            asked
            for asked in self.pays
            if asked.answer and asked.answer.verdict in wanted
        ]

    @property
    def _questions(self) -> list[Asked[PayAnswer | InquiryAnswer | CancelAnswer]]:
        return [*self.pays, *self.inquiries, *self.cancels]

    @property
    def last_word(self) -> PayAnswer | InquiryAnswer | CancelAnswer | None:
        """Alipay's newest answer of any kind."""
        answered = [asked for asked in self._questions if asked.answer]
        newest = max(answered, key=lambda asked: asked.ended_at, default=None)
        return newest.answer if newest else None

    @property
    def calls_without_verdict(self) -> int:
        return sum(1 for asked in self._questions if asked.answer is None)

    def was_asked_since(self, at: datetime) -> bool:
        """Whether an inquiry, answered or not, was put at this time or later."""
        return any(asked.at >= at for asked in self.inquiries)

    @property
    def answered_at(self) -> datetime | None:
        """When the newest inquiry that got a verdict was asked."""
        return max((asked.at for asked in self.inquiries if asked.answer), default=None)

    @property
    def successes(self) -> Iterator[Success]:
        """All that was said of success, by inquiry or by notification."""
        for asked in self.verdicts(InquiryVerdict.SUCCESS):
            if asked.answer:
                yield _success(asked.answer)
        for heard in self.heard:
            if heard.says_paid:
                yield _success(heard.notification)

    @property
    def is_cancelled_by_us(self) -> bool:
        return any(
            asked.answer and asked.answer.verdict is CancelVerdict.CANCELLED
            for asked in self.cancels
        )

    @property
    def is_dead(self) -> bool:
        """Whether Alipay has said that this attempt will never be paid."""
        return (
            bool(self.verdicts(InquiryVerdict.FAIL, InquiryVerdict.CANCELLED))
            or self._is_refused_for_certain
            or self._never_existed
        )

    @property
    def _is_refused_for_certain(self) -> bool:
        # A refusal of a repeated call says nothing of the calls before it.
        refusals = self.refusals(PayVerdict.REFUSED, PayVerdict.ID_IS_DEAD)
        return len(self.pays) == 1 and any(
            asked.answer and asked.answer.certain for asked in refusals
        )

    @property
    def _never_existed(self) -> bool:
        if self.payment_id:
            return False  # Alipay has named it: what it says now is a lag or a fault
        last_pay = max((asked.ended_at for asked in self.pays), default=self.begun_at)
        counted: list[datetime] = []
        for at in sorted(asked.at for asked in self.verdicts(InquiryVerdict.NOT_EXIST)):
            if at >= last_pay and (not counted or at - counted[-1] >= NOT_EXIST_GAP):
                counted.append(at)
        if len(counted) < NOT_EXIST_TRIES:
            return False
        return counted[-1] - last_pay >= NOT_EXIST_GRACE


@dataclass
class Facts:
    """All that is known of one order's payment."""

    order: Order
    attempts: list[Attempt] = field(default_factory=list)
    check_wanted_at: datetime | None = None
    cancel_wanted_at: datetime | None = None
    cancel_wish: CancelWish | None = None

    @property
    def current(self) -> Attempt:
        return self.attempts[-1]

    def request_id(self, attempt: Attempt) -> str:
        """Alipay's idempotency key of an attempt."""
        return payment_request_id(self.order.order_id, attempt.number)

    @property
    def cancel_was_refused(self) -> bool:
        """Whether Alipay, or the wallet's rules, refused the cancel that is wanted."""
        wanted_at = self.cancel_wanted_at
        return wanted_at is not None and any(
            asked.answer
            and asked.answer.verdict is not CancelVerdict.CANCELLED
            and asked.at >= wanted_at
            for asked in self.current.cancels
        )

    def matches(self, success: Success, attempt: Attempt) -> bool:
        """Whether a success is of this order's money and of this attempt."""
        same_id = not attempt.payment_id or success.payment_id == attempt.payment_id
        return same_id and success.amount == self.order.amount


def _success(told: InquiryAnswer | PaymentNotified) -> Success:
    return Success(told.payment_id, told.amount, told.paid_at, told.settlement)
