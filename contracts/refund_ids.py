"""The ids of refunds, which identify the owning workflow without a database.

Alipay's refundRequestId has 64 characters, of which an order id may take 60. So a long
order id is shortened to a digest, in the workflow id as in the refundRequestId: each of
them follows from the other one. Notices of refunds name no payment, so the parts of the
refundRequestId must be enough (docs/protocol.md 2.7).
"""

import base64
import hashlib
import re
from typing import Final

_REFUNDS: Final = "refunds:"
# The merchant's id of a refund; the same characters as in an order id.
REFUND_ID_PATTERN: Final = r"[A-Za-z0-9_-]{1,64}"
# The longest order id that is put into a refundRequestId unchanged.
LONGEST_READABLE_ORDER: Final = 40
_READABLE_ORDER: Final = rf"[A-Za-z0-9_-]{{1,{LONGEST_READABLE_ORDER}}}"
# The longest refund_id: with `_r`, `_` and a number of four digits it fills 64.
LONGEST_READABLE_REFUND: Final = 16
MOST_RETRIES: Final = 9999


def order_key(order_id: str) -> str:
    """Return the key of an order in the ids of its refunds.

    A short order id is its own key. The key of a long one cannot be a short order id:
    it has 41 characters.
    """
    if len(order_id) <= LONGEST_READABLE_ORDER:
        return order_id
    return f"{order_id[:16]}-{_digest(order_id, 24)}"


def refunds_id(order_id: str) -> str:
    """Return the id of the workflow that owns all refunds of an order."""
    return f"{_REFUNDS}{order_key(order_id)}"


def order_of_refunds(refunds_id: str) -> str:
    """Return the order whose refunds a workflow owns, if its id contains the order.

    Raises:
        ValueError: Not the id of such a workflow; or it contains a digest of a long
            order id. Then the run's input and its OrderId name the order.
    """
    kind, _, key = refunds_id.partition(":")
    if f"{kind}:" != _REFUNDS or not re.fullmatch(_READABLE_ORDER, key):
        raise ValueError("not the id of the refunds of an order with a short id")
    return key


def refund_request_id(order_id: str, refund_id: str, retry: int) -> str:
    """Return Alipay's idempotency key of a refund: at most 64 characters.

    Args:
        order_id: The order.
        refund_id: The merchant's id of the refund; the same in all tries.
        retry: From 1; increased only after an F that needs a new id.
    """
    return f"{order_key(order_id)}_{_tail(refund_id)}_{retry}"


def refunds_id_of(refund_request_id: str) -> str:
    """Return the id of the workflow that owns a refund.

    Raises:
        ValueError: Not an id that `refund_request_id` could have made.
    """
    made = re.fullmatch(
        r"([A-Za-z0-9_-]{1,41})_(?:r[A-Za-z0-9-]{1,16}|d[a-z2-7]{16})_[1-9][0-9]{0,3}",
        refund_request_id,
    )
    if not made:
        raise ValueError("not a refundRequestId of the form {order}_{refund}_{retry}")
    return f"{_REFUNDS}{made[1]}"


def is_refund_of(order_id: str, refund_request_id: str) -> bool:
    """Whether a refundRequestId was made by the owner of the order's refunds."""
    try:
        return refunds_id_of(refund_request_id) == refunds_id(order_id)
    except ValueError:
        return False


def refund_named_in(refund_request_id: str) -> str:
    """Return the id without the retry's number: the same for all tries of a refund.

    An id that another system has made is returned as it is.
    """
    return re.sub(r"_[1-9][0-9]{0,3}$", "", refund_request_id)


def refund_update_id(
    order_id: str,
    refund_id: str,
    amount: tuple[str, int] | None,
    remaining: tuple[str, int] | None,
    *,
    freed: int = 0,
) -> str:
    """Return the id of the update that asks for a refund.

    Equal requests share one: a workflow takes only ten updates at a time. Temporal
    stores the answer of an update, also a refusal; so an equal request has another id
    once an amount is free again.

    Args:
        order_id: The order.
        refund_id: The merchant's name of the refund.
        amount: Currency and minor units; None for the whole remaining amount.
        remaining: The amount the caller expects to be left; None for no expectation.
        freed: How many refunds of the order were refused, or have bounced.
    """
    money = [f"{one[0]}/{one[1]}" if one else "/" for one in (amount, remaining)]
    parts = [order_id, refund_id, *money, *([str(freed)] if freed else ())]
    request = "/".join(parts)
    return f"refund-{hashlib.sha256(request.encode()).hexdigest()[:32]}"


def refund_event_id(
    payment_request_id: str, refund_id: str, happened: str, retry: int
) -> str:
    """Return the id of an event about a refund, the same in every repeat.

    Args:
        payment_request_id: Of the payment whose money it is.
        refund_id: The merchant's name of the refund.
        happened: `succeeded`, `failed`, `waiting` or `returned`.
        retry: As in `refund_request_id`; a refund may have to wait more than once.
    """
    return f"{payment_request_id}-refund-{_digest(refund_id, 16)}-{happened}-{retry}"


def _tail(refund_id: str) -> str:
    """Return the refund_id if it fits and can be parsed again, else its digest."""
    if len(refund_id) <= LONGEST_READABLE_REFUND and "_" not in refund_id:
        return f"r{refund_id}"
    return f"d{_digest(refund_id, 16)}"


def _digest(text: str, length: int) -> str:
    """Return so many characters of a digest, each worth five bits."""
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:length]
