"""What crosses a process border and is written to history: messages, results, names.

Histories outlive releases, so a field is only ever added, and only with a default.
Money is a whole number of minor units, times are UTC. Nothing secret may stand here.
"""

import hashlib
import re
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

TASK_QUEUE: Final = "cashier"
# The most characters of Alipay's ids (docs/protocol.md 2.0).
LONGEST_ALIPAY_ID: Final = 64


class Contract(BaseModel):
    """Base of all contracts: immutable; fields of newer releases are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def workflow_id(order_id: str) -> str:
    """Return the id of the one workflow that owns the payment of an order."""
    return f"payment:{order_id}"


def payment_request_id(order_id: str, attempt: int) -> str:
    """Return Alipay's idempotency key of an order's n-th attempt, n from 1."""
    return f"{order_id}_{attempt}"


def order_of(payment_request_id: str) -> str:
    """Return the order of a payment_request_id: what stands before the last `_`.

    Raises:
        ValueError: Not an id that `payment_request_id` could have made.
    """
    made = re.fullmatch(r"([A-Za-z0-9_-]{1,60})_[1-9][0-9]{0,5}", payment_request_id)
    if not made:
        raise ValueError("not a payment_request_id of the form {order_id}_{attempt}")
    return made[1]


class Money(Contract):
    """An amount: ISO 4217 code and minor units (PHP 1,314.00 is 131400)."""

    currency: str
    value: int


class Terminal(Contract):
    """Where the customer stands in the shop: WEB, WAP or APP; os unless WEB."""

    type: str
    os: str | None = None


class Goods(Contract):
    """One article of an order, for Alipay's risk evaluation."""

    id: str
    name: str
    category: str | None = None
    unit_amount: Money | None = None
    quantity: int | None = None
    url: str | None = None
    delivery: str | None = None


class Customer(Contract):
    """Who buys, for Alipay's risk evaluation; personal data."""

    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None


class Device(Contract):
    """What the shop knows of the customer's device, for Alipay's risk evaluation."""

    ip: str | None = None
    device_id: str | None = None
    device_token_id: str | None = None
    language: str | None = None
    user_agent: str | None = None


class Order(Contract):
    """One order of a shop and how it shall be paid; the workflow's input.

    Attributes:
        order_id: The shop's id; the payment's key.
        amount: What the customer pays.
        wallet: Alipay's code of the wallet, e.g. GCASH.
        description: Shown to the customer.
        redirect_url: Where the wallet sends the customer afterwards.
        terminal: The shop's terminal.
        expires_in_minutes: Shorter than the wallet's default; None for the default.
        settlement_currency: In which currency Alipay pays the merchant out.
        goods, customer, client: For Alipay's risk evaluation only.
        first_attempt: Number of the first attempt; more than 1 after an unpaid run.
        carried: The facts of a run that grew too long and goes on in this one.
    """

    order_id: str
    amount: Money
    wallet: str
    description: str
    redirect_url: str
    terminal: Terminal
    expires_in_minutes: int | None = None
    settlement_currency: str | None = None
    goods: list[Goods] | None = None
    customer: Customer | None = None
    client: Device | None = None
    first_attempt: int = 1
    carried: dict[str, Any] | None = None


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
    """Who settled a payment in REVIEW, and why."""

    by: str
    reason: str


class PaymentView(Contract):
    """What is known of a payment: the answer to questions, and the final result.

    Attributes:
        status: Where the payment is, or its outcome.
        outcome: How it ended; None while it is open.
        attempts: The attempts of this run, the newest last.
        result_code, result_message: Alipay's, where it refused or failed the payment.
        paid_at: Alipay's payment time, as Alipay wrote it.
        review: Why a person must decide, and what money is at risk.
        resolved: Who decided then, and why.
        opened_by: The call that caused the newest attempt (`PageWish.call_id`).
        asked_by: The call that this answer was made for; another one got an echo.
    """

    order_id: str
    amount: Money
    status: PaymentStatus
    outcome: PaymentOutcome | None = None
    attempts: list[AttemptView] = []
    result_code: str | None = None
    result_message: str | None = None
    paid_at: str | None = None
    settlement: Settlement | None = None
    review: str | None = None
    resolved: Resolved | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None
    opened_by: str | None = None
    asked_by: str | None = None


# ---- messages to the payment workflow ----


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
    """The update `resolve`: how a person settles a payment in REVIEW, and why."""

    outcome: PaymentOutcome
    reason: str
    by: str


class SignedEvidence(Contract):
    """A message as Alipay signed it, so that anyone can verify it again."""

    method: str = "POST"
    path: str = ""
    client_id: str = ""
    time: str = ""
    signature: str = ""
    body: str = ""


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


# ---- activities: what is asked of Alipay, and its verdict ----


class PayCall(Contract):
    """The activity `pay`; a repeat with equal values creates nothing new."""

    order: Order
    payment_request_id: str
    wallet: str
    expires_at: datetime | None = None


class PayVerdict(StrEnum):
    """What an answer to `pay` means (docs/protocol.md 3.2)."""

    OPENED = "OPENED"  # there is a page on which the customer can pay
    NO_PAGE = "NO_PAGE"  # it exists, but without a page: failed, or paid already
    REFUSED = "REFUSED"  # F: this payment_request_id will never be paid
    ID_IS_DEAD = "ID_IS_DEAD"  # F: the id belongs to an attempt that is over
    ID_DIFFERS = "ID_DIFFERS"  # F: the id belongs to an attempt of other money


class PayAnswer(Contract):
    """Alipay's answer to `pay`.

    Attributes:
        certain: No earlier try could have taken effect unseen, so a refusal is final.
        expires_at: When the customer can no longer pay, by our clock.
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
    """What an answer to `inquiryPayment` says of the payment (docs/protocol.md 3.3)."""

    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    CANCELLED = "CANCELLED"
    PROCESSING = "PROCESSING"
    PENDING = "PENDING"
    NOT_EXIST = "NOT_EXIST"


class InquiryAnswer(Contract):
    """Alipay's answer to `inquiryPayment`."""

    verdict: InquiryVerdict
    result_code: str = ""
    result_message: str = ""
    payment_id: str | None = None
    amount: Money | None = None
    paid_at: str | None = None
    settlement: Settlement | None = None
    is_refunded: bool = False


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
    """What an answer to `cancel` means (docs/protocol.md 3.6)."""

    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"  # F: it may have been paid, or be over; inquire
    NOT_ALLOWED = "NOT_ALLOWED"  # the wallet's rules forbid it; nothing was sent


class CancelAnswer(Contract):
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
    """What an answer to `refund` or `inquiryRefund` means (docs/protocol.md 3.7)."""

    REFUNDED = "REFUNDED"
    IN_PROCESS = "IN_PROCESS"  # taken on: never to be sent again, only inquired
    REFUSED = "REFUSED"
    NOT_EXIST = "NOT_EXIST"


class RefundAnswer(Contract):
    """Alipay's answer about a refund."""

    verdict: RefundVerdict
    result_code: str = ""
    result_message: str = ""


class RefundInquiryCall(Contract):
    """The activity `inquire_refund`."""

    refund_request_id: str


# ---- late money: paid after its payment had ended ----


class LateMoneyPolicy(StrEnum):
    """What the shop wants done with money that comes after the end."""

    REFUND = "REFUND"
    HONOUR = "HONOUR"


class LateOutcome(StrEnum):
    """What became of late money."""

    NOT_PAID = "NOT_PAID"  # Alipay does not confirm it, or has returned it itself
    RETURNED = "RETURNED"  # cancelled after payment: all of it went back
    REFUNDED = "REFUNDED"
    HONOURED = "HONOURED"  # kept: the shop delivers although it was late


class LatePaymentInput(Contract):
    """A success that came after the payment's end, or on top of another one.

    Attributes:
        wallet: Alipay's code; empty where it is not known.
        amount: The order's; any other is a person's matter.
        notification: What was heard of it, if that was how it became known.
    """

    order_id: str
    payment_request_id: str
    wallet: str
    amount: Money
    policy: LateMoneyPolicy
    notification: PaymentNotified | None = None


class LateResolution(Contract):
    """The update `resolve` of late money: what a person did with it, and why."""

    outcome: LateOutcome
    reason: str
    by: str


class LatePaymentView(Contract):
    """What is known of late money; the workflow's result too.

    Attributes:
        status: In words: what it waits for, or how it ended.
        review: Why a person must decide, and what money is at risk.
    """

    payment_request_id: str
    amount: Money
    status: str
    outcome: LateOutcome | None = None
    paid_at: str | None = None
    review: str | None = None
    resolved: Resolved | None = None


def late_payment_id(payment_request_id: str) -> str:
    """Return the id of the workflow that deals with an attempt's late money."""
    return f"late-payment:{payment_request_id}"


def late_refund_id(payment_request_id: str) -> str:
    """Return Alipay's idempotency key of the one refund of late money."""
    if len(payment_request_id) + len("_late") <= LONGEST_ALIPAY_ID:
        return f"{payment_request_id}_late"
    digest = hashlib.sha256(payment_request_id.encode()).hexdigest()
    return f"{digest[:40]}_late"
