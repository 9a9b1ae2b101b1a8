"""The ids of workflows and of calls to Alipay: all follow from the order's id."""

import hashlib
import re
from typing import Final

from contracts.order import Order
from contracts.refund_ids import order_of_refunds

TASK_QUEUE: Final = "cashier"
# The most characters of Alipay's ids (docs/protocol.md 2.0).
LONGEST_ALIPAY_ID: Final = 64
# The form of order ids: Alipay's ids have room for `_` and an attempt's number.
ORDER_ID_PATTERN: Final = r"[A-Za-z0-9_-]{1,60}"
_LATE_PAYMENT: Final = "late-payment:"
_REQUEST_ID: Final = rf"({ORDER_ID_PATTERN})_[1-9][0-9]{{0,5}}"
# `late-` for late money, the kind of event, and its count from 2 on.
_HAPPENED: Final = r"(?:late-)?[a-z_]+(?:-[1-9][0-9]*)?"
# For a refund: its digest, the kind of event, and the try (refund_ids.py).
_REFUND_HAPPENED: Final = r"refund-[a-z2-7]{16}-[a-z]+-[1-9][0-9]{0,3}"


def workflow_id(order_id: str) -> str:
    """Return the id of the one workflow that owns the payment of an order."""
    return f"payment:{order_id}"


def page_update_id(order: Order) -> str:
    """Return the id of the update that asks for an order's page.

    Equal requests share one update; another amount, wallet or attempt makes another
    one.
    """
    request = (
        f"{order.order_id}/{order.amount.currency}/{order.amount.value}"
        f"/{order.wallet}/{order.first_attempt}"
    )
    return f"page-{hashlib.sha256(request.encode()).hexdigest()[:32]}"


def payment_request_id(order_id: str, attempt: int) -> str:
    """Return Alipay's idempotency key of an order's n-th attempt, n from 1."""
    return f"{order_id}_{attempt}"


def order_of(payment_request_id: str) -> str:
    """Return the order of a payment_request_id: the part before the last `_`.

    Raises:
        ValueError: Not an id that `payment_request_id` could have made.
    """
    made = re.fullmatch(_REQUEST_ID, payment_request_id)
    if not made:
        raise ValueError("not a payment_request_id of the form {order_id}_{attempt}")
    return made[1]


def order_named_in(payment_request_id: str) -> str:
    """Return the part before the last `_`, whatever form the order's id has."""
    return payment_request_id.rpartition("_")[0]


def attempt_of(payment_request_id: str) -> int:
    """Return the number of an attempt, or of a refund's try, after the last `_`.

    Raises:
        ValueError: That part is not a number.
    """
    return int(payment_request_id.rpartition("_")[2])


def order_of_event(event_id: str) -> str:
    """Return the order of an event: its id is `{payment_request_id}-{what happened}`.

    Raises:
        ValueError: Not the id of an event for a shop.
    """
    made = re.fullmatch(rf"{_REQUEST_ID}-(?:{_HAPPENED}|{_REFUND_HAPPENED})", event_id)
    if not made:
        raise ValueError("not an event's id: {order_id}_{attempt}-{what happened}")
    return made[1]


def order_of_workflow(workflow_id: str) -> str:
    """Return the order of a workflow: of a payment, its late money, refunds, callbacks.

    Raises:
        ValueError: Not the id of a workflow of an order; or that of the refunds of an
            order whose id is too long to be part of it.
    """
    kind, colon, rest = workflow_id.partition(":")
    match f"{kind}{colon}":
        case "payment:" | "callbacks:" if re.fullmatch(ORDER_ID_PATTERN, rest):
            return rest
        case "late-payment:":
            return order_of(rest)
        case "callback:":
            return order_of_event(rest)
        case "refunds:":
            return order_of_refunds(workflow_id)
    raise ValueError("not the id of a workflow of an order")


def callbacks_id(order_id: str) -> str:
    """Return the id of the workflow that sends an order's events to the shop."""
    return f"callbacks:{order_id}"


def callback_id(event_id: str) -> str:
    """Return the workflow id under which older releases sent one event to the shop."""
    return f"callback:{event_id}"


def late_payment_id(payment_request_id: str) -> str:
    """Return the id of the workflow for an attempt's late money."""
    return f"{_LATE_PAYMENT}{payment_request_id}"


def request_id_of(late_payment_id: str) -> str:
    """Return the payment_request_id of a late money workflow."""
    return late_payment_id.removeprefix(_LATE_PAYMENT)


def late_refund_id(payment_request_id: str) -> str:
    """Return Alipay's idempotency key of the only refund of late money."""
    if len(payment_request_id) + len("_late") <= LONGEST_ALIPAY_ID:
        return f"{payment_request_id}_late"
    digest = hashlib.sha256(payment_request_id.encode()).hexdigest()
    return f"{digest[:40]}_late"
