"""An order's refunds as views, as events for the shop, and as facts for a later run."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from contracts import (
    CallbackInput,
    Money,
    RefundOfEvent,
    RefundRecord,
    RefundRequest,
    RefundsInput,
    RefundStatus,
    RefundsView,
    ShopEvent,
    in_words,
    refund_event_id,
)
from workflows.refunds.ledger import Ledger
from workflows.refunds.refund import Refund, Refusal

_FACTS: TypeAdapter[Refund] = TypeAdapter(Refund)
# The shop's event for a refund, by its status.
HAPPENED = {
    RefundStatus.SUCCEEDED: "succeeded",
    RefundStatus.REFUSED: "failed",
    RefundStatus.WAITING: "waiting",
    RefundStatus.RETURNED: "returned",
}


def view_of(ledger: Ledger) -> RefundsView:
    return RefundsView(
        order_id=ledger.order_id,
        payment_request_id=ledger.payment_request_id,
        paid=ledger.paid,
        left=ledger.left,
        refunds=tuple(refund.record() for refund in ledger.refunds.values()),
        elsewhere=ledger.elsewhere,
        status=status_in_words(ledger),
    )


def status_in_words(ledger: Ledger) -> str:
    """Return the state of the order's refunds in one sentence."""
    back = sum(
        refund.amount.value
        for refund in ledger.refunds.values()
        if refund.status is RefundStatus.SUCCEEDED
    )
    if ledger.paid is None:
        return "ask Alipay what was paid"
    given = in_words(Money(currency=ledger.paid.currency, value=back))
    words = f"{given} of {in_words(ledger.paid)} refunded"
    under_way = len(ledger.open)
    return f"{words}, {under_way} under way" if under_way else words


def event_of(
    refund: Refund, ledger: Ledger, late: RefundsInput, now: datetime
) -> CallbackInput | None:
    """Return the event that notifies the shop of a refund; None where there is none."""
    happened = HAPPENED.get(refund.status)
    if happened is None:
        return None
    event = ShopEvent(
        id=refund_event_id(
            ledger.payment_request_id, refund.refund_id, happened, refund.retry
        ),
        type=f"refund.{happened}",
        occurred_at=now,
        order_id=ledger.order_id,
        payment_request_id=ledger.payment_request_id,
        payment_id=ledger.look.payment_id if ledger.look else None,
        amount=refund.amount,
        outcome=happened.upper(),
        result_code=refund.refusal.code if refund.refusal else None,
        refund=RefundOfEvent(
            refund_id=refund.refund_id, left=ledger.left, by_cancel=refund.by_cancel
        ),
    )
    record = refund.record()
    return CallbackInput(
        event=event,
        wallet=late.wallet,
        runbook_url=late.runbook_url,
        evidence=record.proof if refund.given_back else None,
        release=late.release,
    )


def facts_of(refund: Refund) -> dict[str, Any]:
    """Return a refund's facts for a continued run."""
    facts: dict[str, Any] = _FACTS.dump_python(refund, mode="json")
    return facts


def refund_from(facts: dict[str, Any]) -> Refund:
    """Return the refund with the facts that a run carried over."""
    return _FACTS.validate_python(facts)


def refund_known(order_id: str, record: RefundRecord) -> Refund:
    """Return a refund of an earlier run, from its last record there.

    The proof of a success must have been verified. A success without proof counts as
    sent, and is inquired. Only a run that was stopped leaves open refunds: one that
    waited for a person still waits, and one that may have been sent is inquired under
    the same id.
    """
    refund = Refund(
        order_id=order_id,
        request=RefundRequest(
            refund_id=record.refund_id,
            amount=record.amount,
            reason_for_customer=record.reason_for_customer,
            note=record.note,
            by=record.by,
            call_id=record.call_id,
        ),
        amount=record.amount,
        asked_at=record.asked_at,
        confirmed=record.confirmed,
        retry=record.retry,
        sent_at=record.sent_at,
        by_cancel=record.by_cancel,
        resolved=record.resolved,
    )
    ended_at = record.ended_at or record.asked_at
    match record.status:
        case RefundStatus.REFUSED:
            refusal = Refusal(record.result_code, record.result_message)
            refund.is_refused(refusal, ended_at)
        case RefundStatus.SUCCEEDED | RefundStatus.RETURNED if (
            record.proof is not None or record.resolved is not None
        ):
            name = "cancel" if record.by_cancel else record.refund_request_id
            refund.has_gone_back(name, ended_at, record.proof)
            refund.returned = record.returned
        case _:
            _is_open_again(refund, record)
    return refund


def _is_open_again(refund: Refund, record: RefundRecord) -> None:
    """Give an open refund the doubt, proposal or try it had in the stopped run."""
    match record.status:
        case RefundStatus.CONFIRMING:
            refund.needs_second_person = True
            refund.doubt, refund.proposed = record.review, record.proposed
        case RefundStatus.REVIEW:
            refund.doubt, refund.proposed = record.review, record.proposed
        case RefundStatus.WAITING:
            refund.times_short = 1
        case _:
            # It may have been sent: the same id is inquired before it is sent again.
            refund.sent_at = record.sent_at or record.asked_at
            if record.status is RefundStatus.IN_PROCESS:
                refund.taken_on_at = refund.sent_at
            if record.status is RefundStatus.SENT:
                refund.unanswered = 1
