"""The wallets' rules for refunds, checked before a refund is sent."""

from datetime import datetime

from alipay.errors import WalletRuleError
from alipay.wallets import (
    CURRENCIES,
    RULES,
    Wallet,
    check_currency,
    check_value,
    format_money,
    money_and_value,
    value_refused,
)


def check_refund(
    wallet: Wallet,
    *,
    currency: str,
    value: int,
    left: int,
    paid_at: datetime,
    now: datetime,
    paid_currency: str | None = None,
) -> None:
    """Check a refund against the rules of its wallet, before it is sent.

    The remaining amount is not a rule of the wallet: the owner of the order's refunds
    checks that no refund is above it.

    Args:
        wallet: The wallet that the customer paid with.
        currency: ISO 4217 code of the refund.
        value: The refund, in minor units.
        left: The amount that can still be refunded, in minor units.
        paid_at: When the customer paid, by Alipay's `paymentTime`; any time zone.
        now: The current time; any time zone.
        paid_currency: The currency of the payment; None where the wallet has only one.

    Raises:
        WalletRuleError: The first rule that is broken, its field and its source.
    """
    if wallet.refund == "none":
        raise WalletRuleError(
            "wallet",
            f"{wallet.code} was asked for a refund",
            rule=f"{wallet.name} gives no refunds",
            source=wallet.cited,
        )
    check_currency(wallet, currency)
    _check_same_currency(wallet, currency, paid_currency)
    check_value(wallet, currency, value)
    _check_period(wallet, paid_at, now)
    if wallet.refund == "full" and value != left:
        rule = f"{wallet.name} gives back only all, {money_and_value(currency, left)}"
        raise value_refused(wallet, CURRENCIES[currency], value, rule, wallet)
    _check_least(wallet, currency, value, left)


def _check_same_currency(
    wallet: Wallet, currency: str, paid_currency: str | None
) -> None:
    if paid_currency not in (None, currency):
        raise WalletRuleError(
            "amount.currency",
            f"{wallet.code} was given {currency}",
            rule=f"what was paid in {paid_currency} is given back in {paid_currency}",
            source=RULES.refunds.cited,
        )


def _check_period(wallet: Wallet, paid_at: datetime, now: datetime) -> None:
    until = wallet.refund_until(paid_at)
    if until is not None and now >= until:
        raise WalletRuleError(
            "paid_at",
            f"{wallet.code} was paid at {paid_at.isoformat()}",
            rule=f"{wallet.name} gives refunds for {wallet.refund_days} days, here "
            f"until {until.isoformat()}",
            source=wallet.cited,
        )


def _check_least(wallet: Wallet, currency: str, value: int, left: int) -> None:
    """Reject a refund that is too small, or leaves an amount too small to refund."""
    least = wallet.least_refund
    if least is None:
        return
    row = CURRENCIES[currency]
    if value < least:
        rule = f"{wallet.name} gives back at least {money_and_value(currency, least)}"
        raise value_refused(wallet, row, value, rule, RULES.refunds)
    if 0 < left - value < least:
        rest = format_money(currency, left - value)
        # A remaining amount below the least refund could never be refunded.
        rule = (
            f"{rest} would be left, and {wallet.name} gives back at least "
            f"{money_and_value(currency, least)}: give back all, {left}"
        )
        if left - least >= least:
            rule += f", or at most {left - least}"
        raise value_refused(wallet, row, value, rule, RULES.refunds)
