"""The inputs of activities that call Alipay, and the answers with their verdicts."""

from datetime import datetime
from enum import StrEnum

from contracts.base import Contract, Money
from contracts.order import Order
from contracts.payment import Cashier, Evidence, Settlement


class AlipayAnswer(Contract):
    """Base of Alipay's answers; None where nothing was sent, or by older releases."""

    evidence: Evidence | None = None


class PayCall(Contract):
    """The activity `pay`; a repeat with equal values creates nothing new."""

    order: Order
    payment_request_id: str
    wallet: str
    expires_at: datetime | None = None


class PayVerdict(StrEnum):
    """The meaning of an answer to `pay` (docs/protocol.md 3.2)."""

    OPENED = "OPENED"  # there is a page on which the customer can pay
    NO_PAGE = "NO_PAGE"  # it exists, but without a page: failed, or paid already
    REFUSED = "REFUSED"  # F: this payment_request_id will never be paid
    ID_IS_DEAD = "ID_IS_DEAD"  # F: the id belongs to an attempt that is over
    ID_DIFFERS = "ID_DIFFERS"  # F: the id belongs to an attempt of other money


class PayAnswer(AlipayAnswer):
    """Alipay's answer to `pay`.

    Attributes:
        certain: No earlier try can have taken effect unanswered: a refusal is final.
        expires_at: The expiry by our clock.
    """

    verdict: PayVerdict
    result_code: str
    result_message: str = ""
    certain: bool = True
    payment_id: str | None = None
    cashier: Cashier | None = None
    expires_at: datetime | None = None


class InquiryCall(Contract):
    """The activity `inquire_payment`."""

    payment_request_id: str


class InquiryVerdict(StrEnum):
    """The payment's state in an answer to `inquiryPayment` (docs/protocol.md 3.3)."""

    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    CANCELLED = "CANCELLED"
    PROCESSING = "PROCESSING"
    PENDING = "PENDING"
    NOT_EXIST = "NOT_EXIST"


class InquiryAnswer(AlipayAnswer):
    """Alipay's answer to `inquiryPayment`.

    Attributes:
        is_refunded: Whether any refund was made, or is under way.
        refunded_by: The refundRequestId of each; empty for one without an id. Answers
            that were recorded before release 5 have none.
    """

    verdict: InquiryVerdict
    result_code: str = ""
    result_message: str = ""
    payment_id: str | None = None
    amount: Money | None = None
    paid_at: str | None = None
    settlement: Settlement | None = None
    is_refunded: bool = False
    refunded_by: tuple[str, ...] = ()


class CancelCall(Contract):
    """The activity `cancel_payment`; the wallet says whether it may be cancelled.

    Attributes:
        wallet: Alipay's code; empty where it is not known, and Alipay decides.
        paid_at: When it was paid, as Alipay wrote it; None before payment.
    """

    payment_request_id: str
    wallet: str
    paid_at: str | None = None


class CancelVerdict(StrEnum):
    """The meaning of an answer to `cancel` (docs/protocol.md 3.6)."""

    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"  # F: it may have been paid, or be over; inquire
    NOT_ALLOWED = "NOT_ALLOWED"  # the wallet's rules forbid it; nothing was sent


class CancelAnswer(AlipayAnswer):
    """Alipay's answer to `cancel`."""

    verdict: CancelVerdict
    result_code: str = ""
    result_message: str = ""


class RefundCall(Contract):
    """The activity `refund_payment`; an equal repeat refunds nothing more."""

    refund_request_id: str
    payment_id: str
    amount: Money
    reason: str


class RefundVerdict(StrEnum):
    """Meaning of an answer to `refund` or `inquiryRefund` (docs/protocol.md 3.7)."""

    REFUNDED = "REFUNDED"
    IN_PROCESS = "IN_PROCESS"  # accepted: never to be sent again, only inquired
    REFUSED = "REFUSED"
    NOT_EXIST = "NOT_EXIST"


class RefundAnswer(AlipayAnswer):
    """Alipay's answer about a refund."""

    verdict: RefundVerdict
    result_code: str = ""
    result_message: str = ""


class RefundInquiryCall(Contract):
    """The activity `inquire_refund`."""

    refund_request_id: str
