"""Read and check `pay` requests; a refusal names the field."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.requests.fields import Fields, illegal
from simulator.requests.money import EXPONENTS, Money
from simulator.requests.refusal import RefusedError
from simulator.requests.wallets import wallet_of

WALLET_CODE = re.compile(r"[A-Z0-9_]{1,64}")
# Information that our project was given on these two wallets; we found no public page
# that confirms it (docs/protocol.md 2.1.2).
AT_MOST_14_MINUTES = frozenset({"DANA", "GCASH"})
FOURTEEN_MINUTES = timedelta(minutes=14)
# The merchant's clock and ours may differ a little, and the request takes time.
TOLERANCE = timedelta(minutes=1)
# For the others the pages disagree (docs/protocol.md 2.1.2). Our conclusion: more than
# a year is a mistake, and within it no date can leave the calendar.
LONGEST_TIME_TO_PAY = timedelta(days=365)


@dataclass(frozen=True)
class PayRequest:
    """The fields of `pay` (docs/protocol.md 2.1) that the simulator acts on."""

    payment_request_id: str
    order_id: str
    description: str
    amount: Money
    wallet: str
    terminal: str
    os: str | None
    redirect_url: str
    notify_url: str | None
    settlement_currency: str | None
    expires_at: datetime | None

    @classmethod
    def read(cls, fields: Fields) -> "PayRequest":
        """Read and check all fields, except the expiry.

        Raises:
            RefusedError: With the code and the field that Alipay would name.
        """
        fields.one_of("productCode", "CASHIER_PAYMENT")
        order = fields.under("order")
        # Checked for form only: it moves no money (docs/protocol.md 2.1).
        order.amount("orderAmount")
        amount = fields.amount("paymentAmount")
        wallet = _wallet(fields.under("paymentMethod"), amount)
        terminal, system = _terminal(fields.under("env"))
        return cls(
            payment_request_id=fields.identifier("paymentRequestId"),
            order_id=order.text("referenceOrderId", longest=64),
            description=order.text("orderDescription", longest=256),
            amount=amount,
            wallet=wallet,
            terminal=terminal,
            os=system,
            redirect_url=fields.url("paymentRedirectUrl"),
            notify_url=(
                fields.url("paymentNotifyUrl", "http", "https")
                if fields.has("paymentNotifyUrl")
                else None
            ),
            settlement_currency=_settlement(fields),
            expires_at=(
                fields.moment("paymentExpiryTime")
                if fields.has("paymentExpiryTime")
                else None
            ),
        )

    def time_to_pay(self, now: datetime) -> timedelta:
        """Return how long a payment that is created now stays open.

        Raises:
            RefusedError: paymentExpiryTime is over, or too far away.
        """
        if self.expires_at is None:
            return timedelta(minutes=wallet_of(self.wallet).minutes)
        left = self.expires_at - now
        if left <= timedelta():
            raise illegal("paymentExpiryTime", "is in the past")
        if self.wallet in AT_MOST_14_MINUTES and left > FOURTEEN_MINUTES + TOLERANCE:
            problem = f"is more than 14 minutes away for {self.wallet}"
            raise illegal("paymentExpiryTime", problem)
        if left > LONGEST_TIME_TO_PAY:
            raise illegal("paymentExpiryTime", "is more than a year away")
        return left


def _wallet(method: Fields, amount: Money) -> str:
    code = method.text("paymentMethodType", longest=64)
    if not WALLET_CODE.fullmatch(code):
        raise illegal(method.named("paymentMethodType"), "is not a payment method")
    wallet = wallet_of(code)
    if wallet.currency not in {None, amount.currency}:
        raise RefusedError(
            "CURRENCY_NOT_SUPPORT",
            f"paymentAmount.currency must be {wallet.currency} for {code}",
        )
    if amount.value % wallet.step:
        raise illegal("paymentAmount.value", f"must be a multiple of {wallet.step}")
    return code


def _terminal(env: Fields) -> tuple[str, str | None]:
    terminal = env.one_of("terminalType", "WEB", "WAP", "APP", "MINI_APP")
    if terminal == "WEB":
        return terminal, None
    return terminal, env.one_of("osType", "IOS", "ANDROID")


def _settlement(fields: Fields) -> str | None:
    # Optional: the pages disagree on whether it is required (docs/protocol.md 2.1).
    if not fields.has("settlementStrategy"):
        return None
    strategy = fields.under("settlementStrategy")
    currency = strategy.text("settlementCurrency", longest=3)
    if currency not in EXPONENTS:
        raise RefusedError(
            "SETTLE_CONTRACT_NOT_MATCH",
            f"settlementStrategy.settlementCurrency {currency!r} is not contracted",
        )
    return currency
