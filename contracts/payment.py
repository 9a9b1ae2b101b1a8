"""A payment: its state, and the messages to its workflow."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zlib import crc32

from contracts.base import Contract, Money

# Alipay closes a payment some seconds after its expiry; an earlier inquiry would have
# to be repeated. Recorded timers contain it: a change is for payments of a new release.
EXPIRY_MARGIN: Final = timedelta(seconds=30)
# As of release 4 each attempt waits up to this much longer. Otherwise a thousand
# payments opened together would be inquired together, and new customers would wait. No
# customer waits for these inquiries; the shop only reserves its goods a little longer.
EXPIRY_SPREAD: Final = timedelta(seconds=30)


def expiry_spread(payment_request_id: str) -> timedelta:
    """Return an attempt's share of the spread; from its id, so that it replays."""
    part = crc32(payment_request_id.encode()) % 1000
    return EXPIRY_SPREAD * (part / 1000)


def expiry_margin(payment_request_id: str) -> timedelta:
    """Return how long after its expiry an attempt without news is inquired."""
    return EXPIRY_MARGIN + expiry_spread(payment_request_id)


class Cashier(Contract):
    """The wallet's page: its URL, and its kind: `normal`, `scheme` or `applink`."""

    url: str
    kind: str


class Settlement(Contract):
    """The amount that Alipay settles with the merchant, and the rate, as text."""

    amount: Money | None = None
    currency_pair: str | None = None
    price: str | None = None
    quote_id: str | None = None


class PaymentStatus(StrEnum):
    """The state of a payment while its workflow runs, or how it ended."""

    OPENING = "OPENING"
    AWAITING_CUSTOMER = "AWAITING_CUSTOMER"
    CHECKING = "CHECKING"
    CANCELLING = "CANCELLING"
    REVIEW = "REVIEW"
    PAID = "PAID"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class PaymentOutcome(StrEnum):
    """How a payment ended; only these end a workflow."""

    PAID = "PAID"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


class AttemptView(Contract):
    """One attempt at Alipay, with its known fields."""

    payment_request_id: str
    wallet: str
    payment_id: str | None = None
    cashier: Cashier | None = None
    expires_at: datetime | None = None
    is_paid: bool = False


class Resolved(Contract):
    """The persons who settled a payment and confirmed that, and the reason."""

    by: str
    reason: str
    confirmed_by: str | None = None


class Proposed(Contract):
    """A resolution by one person; it takes effect once another person says the same.

    Attributes:
        about: The doubt at that time; another doubt needs another proposal.
    """

    outcome: str
    by: str
    reason: str
    about: str


class PaymentView(Contract):
    """The state of a payment: the answer to queries and updates, and the final result.

    Attributes:
        status: The payment's current state, or its outcome.
        outcome: How it ended; None while it is open.
        attempts: The attempts of this run, the newest last.
        result_code, result_message: Alipay's, where it refused or failed the payment.
        paid_at: Alipay's payment time, as Alipay wrote it.
        review: Why a person must decide, and the money at risk.
        proposed: A resolution by one person that a second one must confirm.
        resolved: Who settled it, and why.
        opened_by: The call that caused the newest attempt (`PageWish.call_id`).
        asked_by: The call that this answer was made for; other calls got a copy of it.
    """

    order_id: str
    amount: Money
    status: PaymentStatus
    outcome: PaymentOutcome | None = None
    attempts: tuple[AttemptView, ...] = ()
    result_code: str | None = None
    result_message: str | None = None
    paid_at: str | None = None
    settlement: Settlement | None = None
    review: str | None = None
    proposed: Proposed | None = None
    resolved: Resolved | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None
    opened_by: str | None = None
    asked_by: str | None = None


class PageWish(Contract):
    """The update `cashier_page`: open this order's payment with this wallet.

    Attributes:
        call_id: Unique per call, while the update id is the same for equal requests: by
            the answer's `asked_by` the one call that was carried out is recognized.
    """

    amount: Money
    wallet: str
    call_id: str


class CancelWish(Contract):
    """The update `cancel`: close this order's payment, so that it cannot be paid."""

    by: str = "shop"
    reason: str = ""


class Resolution(Contract):
    """The update `resolve`: how a person settles a payment in REVIEW, and why.

    Fields have lenient types, so that the validator can explain an error in words.

    Attributes:
        replaces: The outcome that is proposed so far, if this is another one.
    """

    outcome: str = ""
    reason: str = ""
    by: str = ""
    replaces: str = ""


class SignedEvidence(Contract):
    """A message as it was signed, so that anyone can verify it again.

    Attributes:
        signature: The `Signature` header, with the key version; empty without one.
        body: The signed text, never serialised again; empty where it was too long.
        left_out: Of a body that was too long: how many bytes it had.
        sha256: ... and their SHA-256, in hexadecimal digits.
    """

    method: str = "POST"
    path: str = ""
    client_id: str = ""
    time: str = ""
    signature: str = ""
    body: str = ""
    left_out: int = 0
    sha256: str = ""


class Evidence(Contract):
    """A call to Alipay and its answer, both as they were signed."""

    request: SignedEvidence
    answer: SignedEvidence


class PaymentNotified(Contract):
    """The signal `payment_notified`: a notification with a verified signature.

    Every field has a default: a signal whose argument cannot be decoded is dropped
    without an error, and an incomplete notification must still count as a hint.
    """

    notify_type: str = ""
    result_status: str = ""
    result_code: str = ""
    result_message: str = ""
    payment_request_id: str = ""
    payment_id: str = ""
    amount: Money | None = None
    paid_at: str | None = None
    settlement: Settlement | None = None
    evidence: SignedEvidence | None = None
    received_at: datetime | None = None

    @property
    def says_paid(self) -> bool:
        """Whether it is a success; PAYMENT_PENDING with S is not (protocol.md 2.3)."""
        return self._is_result("S")

    @property
    def says_failed(self) -> bool:
        """Whether it says that the payment was declined or has expired."""
        return self._is_result("F")

    def _is_result(self, status: str) -> bool:
        return self.notify_type == "PAYMENT_RESULT" and self.result_status == status
