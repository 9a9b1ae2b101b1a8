"""The facts in a history about an order's refunds: requests, calls, signed answers.

The auditor's own reading on purpose, beside that of `workflows/refunds/`: a mistake
there must not hide itself here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from audit.history.proofs import Evidenced
from audit.history.record import Record, parsed
from audit.history.signed_refunds import (
    SignedRefund,
    signed_in_answer,
    signed_in_notice,
)
from audit.history.updates import requests_of
from contracts import (
    CancelCall,
    Money,
    OrderRefundCall,
    PaymentLook,
    RefundCall,
    RefundConfirmation,
    RefundRecord,
    RefundRequest,
    RefundResolution,
    RefundReturn,
    RefundsInput,
    RefundStatus,
    RefundsView,
    RefundVerdict,
    refund_named_in,
    refund_request_id,
)


@dataclass(frozen=True)
class Said:
    """An update that a run has accepted."""

    event_id: int
    message: RefundRequest | RefundConfirmation | RefundResolution | RefundReturn

    @property
    def refund_id(self) -> str:
        return self.message.refund_id


@dataclass(frozen=True)
class Sent:
    """One call to return money."""

    event_id: int
    call: OrderRefundCall


class RefundFacts:
    """The refunds of an order, by one history."""

    def __init__(self, record: Record, given: RefundsInput, seen: Evidenced) -> None:
        self._record = record
        self._seen = seen
        self.given = given

    @cached_property
    def said(self) -> list[Said]:
        """Requests, confirmations and decisions, in the history's order."""
        found = []
        for event_id, request in requests_of(self._record).items():
            message = self._record.message(request.input.name, request.input.args)
            if isinstance(
                message,
                RefundRequest | RefundConfirmation | RefundResolution | RefundReturn,
            ):
                found.append(Said(event_id, message))
        return found

    @cached_property
    def sent(self) -> list[Sent]:
        """All calls to return money, in the history's order."""
        found = []
        for event in self._record.events:
            scheduled = event.activity_task_scheduled_event_attributes
            if scheduled.activity_type.name == "refund_order":
                call = parsed(scheduled.input, OrderRefundCall)
                found += [Sent(event.event_id, call)] if call else []
        return found

    @cached_property
    def words(self) -> list[SignedRefund]:
        """All statements about the refunds that Alipay has signed."""
        asked = {one.event_id: one.call for one in self.sent}
        found: list[SignedRefund] = []
        for one in self._seen.proven:
            found += signed_in_answer(one, asked.get(one.scheduled.event_id))
        for noticed in self._seen.refund_notices:
            found += signed_in_notice(noticed)
        return sorted(found, key=lambda word: word.event_id)

    @cached_property
    def looks(self) -> list[tuple[int, PaymentLook]]:
        """The signed answers to inquiries about the payment, by event."""
        return [
            (one.completed.event_id, one.answer)
            for one in self._seen.proven
            if isinstance(one.answer, PaymentLook)
        ]

    @property
    def looks_before_nothing(self) -> Iterator[int]:
        """Yield the event of each activity that only inquired the payment."""
        sent = {
            one.scheduled.event_id
            for one in self._seen.answers
            if isinstance(one.call, RefundCall | CancelCall)
        }
        for one in self._seen.proven:
            number = one.scheduled.event_id
            if isinstance(one.answer, PaymentLook) and number not in sent:
                yield number

    @property
    def view(self) -> RefundsView | None:
        """The result of the run."""
        result = self._record.result
        return result if isinstance(result, RefundsView) else None

    @cached_property
    def earlier(self) -> dict[str, RefundRecord]:
        """The refunds of earlier runs, from the input."""
        records = self.given.known.refunds if self.given.known else ()
        return {one.refund_id: one for one in records}

    @property
    def goes_on(self) -> bool:
        """Whether the run continues one with a long history."""
        return self.given.carried is not None

    def name_of(self, refund_id: str) -> str:
        """Return the part of the id that all tries of a refund share."""
        return refund_named_in(refund_request_id(self.given.order_id, refund_id, 1))

    def words_on(self, name: str) -> list[SignedRefund]:
        """Return Alipay's signed statements about all tries of a refund."""
        return [one for one in self.words if refund_named_in(one.request_id) == name]

    def is_known(self, request_id: str) -> bool:
        """Whether Alipay has signed the outcome of a try, whichever."""
        final = (RefundVerdict.REFUNDED, RefundVerdict.REFUSED)
        return any(
            one.request_id == request_id and one.verdict in final for one in self.words
        )

    @property
    def paid(self) -> Money | None:
        """The paid amount, from Alipay's last answer, or else from the run's input."""
        amounts = [look.amount for _, look in self.looks if look.amount]
        return amounts[-1] if amounts else self.given.paid

    def refund_id_of(self, name: str) -> str:
        """Return the merchant's id of a refund; empty where this history lacks it."""
        for refund_id in (*(one.refund_id for one in self.said), *self.earlier):
            if self.name_of(refund_id) == name:
                return refund_id
        return ""

    @property
    def cancelled_refund(self) -> str:
        """The merchant's id of the refund that was made by a cancel."""
        names = [refund_named_in(one.request_id) for one in self.words if one.by_cancel]
        return self.refund_id_of(names[-1]) if names else ""

    def amount_of(self, name: str) -> Money | None:
        """Return the amount of a refund, from calls or the result; None if unknown."""
        for sent in self.sent:
            if refund_named_in(sent.call.refund_request_id) == name:
                return sent.call.amount
        for one in (*(self.view.refunds if self.view else ()), *self.earlier.values()):
            if self.name_of(one.refund_id) == name:
                return one.amount
        return None

    def decided(self, refund_id: str, *outcomes: str) -> list[Said]:
        """Return the decisions of persons on a refund, of these kinds."""
        return [
            one
            for one in self.said
            if isinstance(one.message, RefundResolution)
            and one.refund_id == refund_id
            and one.message.outcome in outcomes
        ]

    def returns(self) -> Iterator[Said]:
        """Yield each refund that a person has recorded as bounced."""
        yield from (one for one in self.said if isinstance(one.message, RefundReturn))


def facts_of_refunds(record: Record, seen: Evidenced) -> RefundFacts | None:
    """Return the refunds of a history; None for a history of another type."""
    given = record.input
    return RefundFacts(record, given, seen) if isinstance(given, RefundsInput) else None


def was_given_back(status: RefundStatus) -> bool:
    """Whether a refund was made, even if it has bounced since."""
    return status in (RefundStatus.SUCCEEDED, RefundStatus.RETURNED)
