"""A fake Alipay in place of the activities: same names and types, scripted answers."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.callbacks import CallbackActivities
from contracts import (
    AlipayAnswer,
    AlipayTrust,
    CancelAnswer,
    CancelCall,
    Contract,
    InquiryAnswer,
    InquiryCall,
    PayAnswer,
    PayCall,
    PaymentFound,
    PaymentLookup,
    PaymentOutcome,
    PaymentState,
    ProvenEvent,
    RefundAnswer,
    RefundCall,
    RefundInquiryCall,
    RefundVerdict,
    ShopAnswer,
    ShopEvent,
    SignedEvidence,
)
from tests.signing import signed_answer, trust

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)


class NoVerdict:
    """In a script: the call ends without a verdict."""


NO_VERDICT = NoVerdict()


@dataclass(frozen=True)
class Odd:
    """In a script: a result of any shape, as anybody may complete the activity."""

    result: Any


class AnythingPaid:
    """Allows all events, in tests of other things."""

    async def check(self, event: ShopEvent, evidence: SignedEvidence | None) -> None:
        """Raise nothing."""


class FakeAlipay:
    """Answers from its scripts, repeats the last answer, and records every call."""

    def __init__(
        self,
        *,
        pay: Sequence[PayAnswer | NoVerdict] = (),
        inquiries: Sequence[InquiryAnswer | NoVerdict | Odd] = (),
        cancels: Sequence[CancelAnswer | NoVerdict] = (),
        refunds: Sequence[RefundAnswer | NoVerdict] = (),
        refund_inquiries: Sequence[RefundAnswer | NoVerdict] = (),
        inquiries_of: Mapping[int, Sequence[InquiryAnswer | NoVerdict]] | None = None,
    ) -> None:
        """Take the scripts; `inquiries_of` has those of single attempts."""
        self.calls: list[str] = []
        self.pay_calls: list[PayCall] = []
        self.refund_calls: list[RefundCall] = []
        self.shop_events: list[ShopEvent] = []
        self.shop_is_away = False
        # As anybody may complete the activity.
        self.odd_shop_answers: list[Odd] = []
        # The state of the order's payment, for late money.
        self.found = PaymentFound(
            state=PaymentState.CLOSED, outcome=PaymentOutcome.EXPIRED
        )
        # The trusted keys, as the worker names them.
        self.trusts = trust()
        # In place of the fake activity, where callbacks are sent over HTTP.
        self.callbacks: CallbackActivities | None = None
        self.before_shop_answers: Callable[[], Awaitable[None]] | None = None
        self.before_pay_answers: Callable[[], Awaitable[None]] | None = None
        self.before_cancel_answers: Callable[[], Awaitable[None]] | None = None
        self.before_inquiry_answers: Callable[[], Awaitable[None]] | None = None
        self._pay: deque[PayAnswer | NoVerdict | Odd] = deque(pay)
        self._inquiries: deque[InquiryAnswer | NoVerdict | Odd] = deque(inquiries)
        self._inquiries_of: dict[str, deque[InquiryAnswer | NoVerdict | Odd]] = {
            str(number): deque(answers)
            for number, answers in (inquiries_of or {}).items()
        }
        self._cancels: deque[CancelAnswer | NoVerdict | Odd] = deque(cancels)
        self._refunds: deque[RefundAnswer | NoVerdict | Odd] = deque(refunds)
        self._refund_inquiries: deque[RefundAnswer | NoVerdict | Odd] = deque(
            refund_inquiries
        )

    def answers_inquiries(self, *answers: InquiryAnswer | NoVerdict) -> None:
        """Answer inquiries like this from now on."""
        self._inquiries = deque(answers)

    def answers_inquiries_of(
        self, attempt: int, *answers: InquiryAnswer | NoVerdict
    ) -> None:
        """Answer inquiries about one attempt like this from now on."""
        self._inquiries_of[str(attempt)] = deque(answers)

    def answers_cancels(self, *answers: CancelAnswer | NoVerdict) -> None:
        """Answer cancels like this from now on."""
        self._cancels = deque(answers)

    def answers_refund_inquiries(self, *answers: RefundAnswer | NoVerdict) -> None:
        """Answer inquiries about refunds like this from now on."""
        self._refund_inquiries = deque(answers)

    def refunds_everything(self) -> None:
        """Answer all refunds with success from now on."""
        self._refunds = deque([RefundAnswer(verdict=RefundVerdict.REFUNDED)])

    @property
    def activities(self) -> list[Callable[..., object]]:
        return [
            self.pay,
            self.inquire_payment,
            self.cancel_payment,
            self.refund_payment,
            self.inquire_refund,
            self.find_payment,
            self.callbacks.tell_shop if self.callbacks else self.tell_shop,
            self.whom_to_trust,
        ]

    @activity.defn
    async def whom_to_trust(self) -> AlipayTrust:
        self.calls.append("whom to trust")
        return self.trusts

    @activity.defn
    async def pay(self, call: PayCall) -> PayAnswer:
        self.pay_calls.append(call)
        if self.before_pay_answers:
            await self.before_pay_answers()
        return self._answer("pay", call, self._pay)

    @activity.defn
    async def inquire_payment(self, call: InquiryCall) -> InquiryAnswer:
        if self.before_inquiry_answers:
            await self.before_inquiry_answers()
        attempt = call.payment_request_id.rpartition("_")[2]
        script = self._inquiries_of.get(attempt, self._inquiries)
        return self._answer("inquire", call, script)

    @activity.defn
    async def cancel_payment(self, call: CancelCall) -> CancelAnswer:
        if self.before_cancel_answers:
            await self.before_cancel_answers()
        return self._answer("cancel", call, self._cancels)

    @activity.defn
    async def refund_payment(self, call: RefundCall) -> RefundAnswer:
        self.refund_calls.append(call)
        return self._answer("refund", call, self._refunds)

    @activity.defn
    async def inquire_refund(self, call: RefundInquiryCall) -> RefundAnswer:
        return self._answer("inquire refund", call, self._refund_inquiries)

    @activity.defn
    async def find_payment(self, lookup: PaymentLookup) -> PaymentFound:
        return self.found

    @activity.defn
    async def tell_shop(self, proven: ProvenEvent) -> ShopAnswer:
        self.shop_events.append(proven.event)
        if self.before_shop_answers:
            await self.before_shop_answers()
        if self.odd_shop_answers:
            return cast(ShopAnswer, self.odd_shop_answers.pop(0).result)
        if self.shop_is_away:
            raise ApplicationError("the shop answered HTTP 503, not 2xx")
        return ShopAnswer(http_status=204)

    def _answer(
        self, name: str, call: Contract, script: deque[AnswerT | NoVerdict | Odd]
    ) -> AnswerT:
        attempt = getattr(call, "payment_request_id", "_1").rpartition("_")[2]
        self.calls.append(name if attempt == "1" else f"{name} {attempt}")
        if not script:
            raise ApplicationError(f"{name}: not scripted", non_retryable=True)
        answer = script.popleft() if len(script) > 1 else script[0]
        if isinstance(answer, Odd):
            return cast(AnswerT, answer.result)
        if isinstance(answer, NoVerdict):
            # As after the quick retries, without waiting for them.
            raise ApplicationError("no verdict", type="NoVerdict", non_retryable=True)
        # An answer that brings evidence is as it is; of the others Alipay signs each.
        return answer if answer.evidence else signed_answer(call, answer)
