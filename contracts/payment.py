"""A payment: what is known of it, and the messages to its workflow."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zlib import crc32

from contracts.base import Contract, Money

# Alipay closes a payment some seconds after its expiry; asking earlier only asks twice.
# Timers of recorded histories hold it: another one is for payments of a new release.
EXPIRY_MARGIN: Final = timedelta(seconds=30)
# As of release 4 each attempt waits up to so much longer, or a thousand customers who
# came together would be asked about together, and those who come then would wait.
# Nobody waits for the answer any more; the shop holds its goods a little longer.
EXPIRY_SPREAD: Final = timedelta(seconds=30)


def expiry_spread(payment_request_id: str) -> timedelta:
    """Return how much longer this attempt waits; from its id, so that it replays."""
    part = crc32(payment_request_id.encode()) % 1000
    return EXPIRY_SPREAD * (part / 1000)


def expiry_margin(payment_request_id: str) -> timedelta:
    """Return how long after its expiry a silent attempt is asked about."""
    return EXPIRY_MARGIN + expiry_spread(payment_request_id)


class Cashier(Contract):
    """The wallet's page: its URL, and its kind: `normal`, `scheme` or `applink`."""

    url: str
    kind: str


class Settlement(Contract):
    """What Alipay settles with the merchant, and at which rate, as it said so."""

    amount: Money | None = None
    currency_pair: str | None = None
    price: str | None = None
    quote_id: str | None = None


class PaymentStatus(StrEnum):
    """Where a payment is while its workflow runs, or how it ended."""

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
    """One attempt at Alipay, as far as it is known."""

    payment_request_id: str
    wallet: str
    payment_id: str | None = None
    cashier: Cashier | None = None
    expires_at: datetime | None = None
    is_paid: bool = False


class Resolved(Contract):
    """Who settled what only a person could settle, why, and who confirmed it."""

    by: str
    reason: str
    confirmed_by: str | None = None


class Proposed(Contract):
    """How a person would settle it; it counts once another person says the same.

    Attributes:
        about: The doubt as it was then; a later one needs another proposal.
    """

    outcome: str
    by: str
    reason: str
    about: str


class PaymentView(Contract):
    """What is known of a payment: the answer to questions, and the final result.

    Attributes:
        status: Where the payment is, or its outcome.
        outcome: How it ended; None while it is open.
        attempts: The attempts of this run, the newest last.
        result_code, result_message: Alipay's, where it refused or failed the payment.
        paid_at: Alipay's payment time, as Alipay wrote it.
        review: Why a person must decide, and what money is at risk.
        proposed: What one person has decided and a second one must confirm.
        resolved: Who decided then, and why.
        opened_by: The call that caused the newest attempt (`PageWish.call_id`).
        asked_by: The call that this answer was made for; another one got an echo.
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
    """The update `cashier_page`: a storefront wants this order paid with this wallet.

    Attributes:
        call_id: Unique per call, while the update id is the same for equal wishes: so
            the answer's `asked_by` tells the one caller who was heard from the echoes.
    """

    amount: Money
    wallet: str
    call_id: str


class CancelWish(Contract):
    """The update `cancel`: nobody shall be able to pay this order any more."""

    by: str = "shop"
    reason: str = ""


class Resolution(Contract):
    """The update `resolve`: how a person settles a payment in REVIEW, and why.

    Of any shape, so that the workflow can say in words what is wrong with it.

    Attributes:
        replaces: The outcome that is proposed so far, where this one is another.
    """

    outcome: str = ""
    reason: str = ""
    by: str = ""
    replaces: str = ""


class SignedEvidence(Contract):
    """A message as it was signed, so that anyone can verify it again.

    Attributes:
        signature: The header, which names the key's version; empty without one.
        body: The signed text, never serialised anew; empty where it was too long.
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

    Every field has a default: a signal whose argument cannot be decoded is dropped in
    silence, and an incomplete notification must still count as a hint.
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
