"""A notice: a signed message of Alipay that belongs to no payment."""

import hashlib

from contracts.base import Contract
from contracts.payment import SignedEvidence


def notice_id(body: bytes) -> str:
    """Return the id of the workflow that keeps a notice: the same for every resend.

    Args:
        body: The raw bytes that Alipay has signed.
    """
    return f"notice:{hashlib.sha256(body).hexdigest()[:32]}"


class NoticeInput(Contract):
    """A notice, kept as it was signed: the result of a refund, a dispute, and so on.

    Attributes:
        evidence: The whole notice with its signature; all other fields are read from
            it.
        notify_type: Alipay's word for the kind of notice; empty where it has none.
        order_id: The order of ours that `payment_request_id` names; empty where none.
        refund_request_id, payment_request_id, payment_id, dispute_id: The subject of
            the notice; None where it is missing or malformed.
        release: As in `Order`.
    """

    evidence: SignedEvidence
    notify_type: str = ""
    order_id: str = ""
    refund_request_id: str | None = None
    payment_request_id: str | None = None
    payment_id: str | None = None
    dispute_id: str | None = None
    release: int = 0


class NoticeView(Contract):
    """The result of the workflow that keeps a notice."""

    notify_type: str
    status: str = "KEPT"
