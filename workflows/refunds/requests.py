"""The rules for a refund request, from the API and from operators alike."""

import re

from temporalio.exceptions import ApplicationError

from contracts import REFUND_ID_PATTERN, RefundRequest, Refusal
from workflows.resolution import LONGEST_NAME, LONGEST_REASON

# The longest refundReason (docs/protocol.md 2.5).
LONGEST_CUSTOMER_REASON = 256


def check_refund_request(request: RefundRequest) -> None:
    """Reject an incomplete request before anything is reserved.

    Raises:
        ApplicationError: Names the field and the rule; nothing is written to history.
    """
    for field, rule in _broken_rules(request):
        raise ApplicationError(f"{field}: {rule}", type=Refusal.REFUND_INCOMPLETE)


def check_refund_id(refund_id: str) -> None:
    """Reject an invalid refund_id.

    Raises:
        ApplicationError: Says the rule.
    """
    if not re.fullmatch(REFUND_ID_PATTERN, refund_id):
        raise ApplicationError(
            "refund_id: has 1 to 64 letters, digits, - or _",
            type=Refusal.REFUND_INCOMPLETE,
        )


def _broken_rules(request: RefundRequest) -> list[tuple[str, str]]:
    found = []
    if not re.fullmatch(REFUND_ID_PATTERN, request.refund_id):
        found.append(("refund_id", "has 1 to 64 letters, digits, - or _"))
    if request.amount is not None and request.amount.value <= 0:
        found.append(("amount.value", "must be more than 0, in minor units"))
    if not request.by.strip() or not request.by.isprintable():
        found.append(("by", "must name who asks for it, in printable characters"))
    for field, text, longest in (
        ("by", request.by, LONGEST_NAME),
        ("note", request.note, LONGEST_REASON),
        ("reason_for_customer", request.reason_for_customer, LONGEST_CUSTOMER_REASON),
    ):
        if len(text) > longest:
            rule = f"has at most {longest} characters, not {len(text)}"
            found.append((field, rule))
    reason = request.reason_for_customer
    if reason and not reason.isprintable():
        found.append(("reason_for_customer", "must hold printable characters only"))
    return found
