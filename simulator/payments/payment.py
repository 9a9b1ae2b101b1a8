"""The state machine of one payment; pure: time is an argument, nothing is sent.

Sources: docs/protocol.md 3.3 (states), 3.4 (repeats), 3.6 (cancel).
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from enum import StrEnum

from simulator.payments.refund import Refund
from simulator.requests.money import Money
from simulator.requests.refusal import RefusedError
from simulator.requests.wallets import Wallet, wallet_of

# A payment may be cancelled until 00:15 of the next day, UTC+8 (docs/protocol.md 3.6).
CANCEL_ZONE = timezone(timedelta(hours=8))
CANCEL_UNTIL = time(0, 15)


class Status(StrEnum):
    """The paymentStatus values of inquiryPayment."""

    PROCESSING = "PROCESSING"
    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"
    CANCELLED = "CANCELLED"


class NotPayableError(Exception):
    """The customer cannot pay or decline any more; the text says why."""


@dataclass
class Payment:
    """One payment from `pay` to its end.

    Attributes:
        expires_at: The real deadline, the clock factor already applied.
        other_value: The amount that was charged in place of `value` (a fault), in minor
            units.
        completes_at: When a PENDING payment becomes SUCCESS.
        pays_late_at: When the customer pays although the payment is closed (a fault).
        fail_code: Why it failed, as a result code of Alipay's.
    """

    payment_request_id: str
    payment_id: str
    client_id: str
    order_id: str
    description: str
    currency: str
    value: int
    wallet: str
    terminal: str
    os: str | None
    redirect_url: str
    notify_url: str | None
    settlement_currency: str | None
    token: str
    created_at: datetime
    expires_at: datetime
    status: Status = Status.PROCESSING
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    fail_code: str | None = None
    other_value: int | None = None
    completes_at: datetime | None = None
    pays_late_at: datetime | None = None
    pay_calls: int = 1
    refunds: list[Refund] = field(default_factory=list)

    @property
    def rules(self) -> Wallet:
        return wallet_of(self.wallet)

    @property
    def asked(self) -> Money:
        return Money(self.currency, self.value)

    @property
    def charged(self) -> Money:
        """The amount that Alipay charged; a fault makes it differ from `asked`."""
        return Money(self.currency, self.other_value or self.value)

    @property
    def payable(self) -> bool:
        return self.status is Status.PROCESSING

    @property
    def expired(self) -> bool:
        return self.status is Status.FAIL and self.fail_code == "PROCESS_FAIL"

    def expire(self, now: datetime) -> bool:
        """Close the payment if it has expired; True only the first time."""
        if not self.payable or now < self.expires_at:
            return False
        self.status, self.fail_code = Status.FAIL, "PROCESS_FAIL"
        return True

    def begin(self, done_at: datetime) -> None:
        """The customer has paid; the wallet still works on it: PENDING."""
        self._must_be_payable()
        self.status, self.completes_at = Status.PENDING, done_at

    def complete(self, now: datetime) -> None:
        """The money has been taken."""
        # The wallet completes what is PENDING; the customer cannot (Lifecycle.pay).
        if self.status is not Status.PENDING:
            self._must_be_payable()
        self.status, self.paid_at, self.completes_at = Status.SUCCESS, now, None

    def complete_late(self, now: datetime) -> None:
        """The money has been taken although the payment is closed.

        An expired payment becomes SUCCESS. A cancelled one stays CANCELLED: Alipay
        returns the money (cashierpay/cancel).
        """
        if self.expired:
            self.status, self.fail_code = Status.SUCCESS, None
        elif self.status is not Status.CANCELLED or self.paid_at is not None:
            raise self.not_payable()
        self.paid_at, self.pays_late_at = now, None

    def decline(self, code: str) -> None:
        self._must_be_payable()
        self.status, self.fail_code = Status.FAIL, code

    def cancel(self, now: datetime) -> None:
        """Cancel the payment; a repeat has no effect.

        Raises:
            RefusedError: The wallet, the state or the window forbids it.
        """
        if self.status is Status.CANCELLED:
            return
        if not self.rules.cancellable:
            raise RefusedError(
                "PAYMENT_METHOD_NOT_SUPPORTED", f"{self.wallet} cannot be cancelled."
            )
        if self.status is Status.FAIL:
            raise RefusedError(
                "ORDER_STATUS_INVALID", "The payment has failed or expired."
            )
        if not all(refund.has_failed for refund in self.refunds):
            raise RefusedError("PROCESS_FAIL", "The payment has been refunded.")
        if self.paid_at is not None and now >= cancel_window_end(self.paid_at):
            raise RefusedError(
                "CANCEL_WINDOW_EXCEED", "Cancelling ended at 00:15 (UTC+8)."
            )
        self.status, self.cancelled_at, self.completes_at = Status.CANCELLED, now, None

    @property
    def refunded(self) -> int:
        """The sum of all refunds, done or in process, in minor units."""
        return sum(refund.value for refund in self.refunds if refund.counts)

    @property
    def left(self) -> int:
        """The amount that can still be refunded, in minor units."""
        return self.charged.value - self.refunded

    def not_payable(self) -> NotPayableError:
        """Return the error that says why the customer cannot pay or decline."""
        return NotPayableError(self._why())

    def _must_be_payable(self) -> None:
        if not self.payable:
            raise self.not_payable()

    def _why(self) -> str:
        if self.expired:
            return "The time to pay is over."
        return {
            Status.PROCESSING: "This payment is still open.",
            Status.PENDING: "Your payment is being worked on.",
            Status.SUCCESS: "This payment has been paid already.",
            Status.FAIL: "This payment was declined.",
            Status.CANCELLED: "The merchant has cancelled this payment.",
        }[self.status]


def cancel_window_end(paid_at: datetime) -> datetime:
    next_day = paid_at.astimezone(CANCEL_ZONE).date() + timedelta(days=1)
    return datetime.combine(next_day, CANCEL_UNTIL, CANCEL_ZONE)
