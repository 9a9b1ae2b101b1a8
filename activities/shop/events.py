"""The rules for events: their types and ids, and the workflow that may send each.

Anybody who may start workflows can start a queue of callbacks with any event. So an
event must be of a known type, its fields must fit together, and its order must be that
of the calling workflow.
"""

import re
from typing import Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts import (
    LateOutcome,
    PaymentOutcome,
    ShopEvent,
    callback_id,
    callbacks_id,
    late_payment_id,
    refund_event_id,
    refunds_id,
    workflow_id,
)

REVIEW: Final = "REVIEW"
QUEUE: Final = "Callback"
OF_A_PAYMENT: Final = (*map(str, PaymentOutcome), REVIEW)
OF_A_REFUND: Final = ("succeeded", "failed", "waiting", "returned")
OF_LATE_MONEY: Final = (*map(str, LateOutcome), REVIEW)


def check_event(event: ShopEvent, caller: activity.Info) -> None:
    """Raise unless the event is of a known type, and its caller may send it.

    Raises:
        ApplicationError: Says why. Not retried at once; the order's queue, which
            repeats without limit, is listed as needing attention from its start.
    """
    why = _misfit(event, caller)
    if why:
        raise ApplicationError(
            f"this workflow may not send this event: {why}",
            type="EVENT_MISFIT",
            non_retryable=caller.workflow_type != QUEUE,
        )


def _misfit(event: ShopEvent, caller: activity.Info) -> str | None:
    """Return why an event is rejected; None if it is not."""
    subject, _, happened = event.type.partition(".")
    if subject == "refund":
        return _misfit_of_refund(event, happened, caller)
    name, is_late = event.payment_request_id, subject == "late_payment"
    outcomes = OF_LATE_MONEY if is_late else OF_A_PAYMENT
    if subject not in ("payment", "late_payment") or happened.upper() not in outcomes:
        return f"there is no event {event.type!r}"
    if event.type != event.type.lower() or event.outcome != happened.upper():
        return f"{event.type} with the outcome {event.outcome}"
    if not re.fullmatch(re.escape(event.order_id) + "_[1-9][0-9]{0,5}", name):
        return f"{name} is not an attempt of order {event.order_id}"
    count = "(-[1-9][0-9]*)?" if event.outcome == REVIEW else ""
    usual = f"{name}-{'late-' if is_late else ''}{happened}"
    if not re.fullmatch(re.escape(usual) + count, event.id):
        return f"{event.id} is not an id of {event.type} of {name}"
    return _not_the_callers(event, caller, is_late=is_late)


def _misfit_of_refund(
    event: ShopEvent, happened: str, caller: activity.Info
) -> str | None:
    if happened not in OF_A_REFUND or event.outcome != happened.upper():
        return f"there is no event {event.type!r} with the outcome {event.outcome}"
    name, refund = event.payment_request_id, event.refund
    if not re.fullmatch(re.escape(event.order_id) + "_[1-9][0-9]{0,5}", name):
        return f"{name} is not an attempt of order {event.order_id}"
    first = refund_event_id(name, refund.refund_id, happened, 1) if refund else ""
    if not first or event.id.rpartition("-")[0] != first.rpartition("-")[0]:
        return f"{event.id} is not an id of {event.type} of {name}"
    if caller.workflow_type == QUEUE:
        is_its_own = caller.workflow_id == callbacks_id(event.order_id)
    else:
        is_its_own = (caller.workflow_type, caller.workflow_id) == (
            "OrderRefunds",
            refunds_id(event.order_id),
        )
    return None if is_its_own else f"{caller.workflow_id} is about something else"


def _not_the_callers(
    event: ShopEvent, caller: activity.Info, *, is_late: bool
) -> str | None:
    if caller.workflow_type == QUEUE:
        known = (callbacks_id(event.order_id), callback_id(event.id))
        is_its_own = caller.workflow_id in known
    elif is_late:
        named = late_payment_id(event.payment_request_id)
        is_its_own = (caller.workflow_type, caller.workflow_id) == (
            "LatePayment",
            named,
        )
    else:
        named = workflow_id(event.order_id)
        is_its_own = (caller.workflow_type, caller.workflow_id) == (
            "CashierPayment",
            named,
        )
    return None if is_its_own else f"{caller.workflow_id} is about something else"
