"""Formats money for people who read histories and the Temporal UI."""

from contracts.base import Money

# From Alipay's list of currencies (alipay/wallets.toml); a test compares both.
WITHOUT_DECIMALS = frozenset({"CLP", "JPY", "KRW", "VND"})
WITH_TWO_DECIMALS = frozenset(
    {
        "AUD", "BDT", "BRL", "CAD", "CNY", "EUR", "GBP", "HKD", "IDR", "MXN", "MYR",
        "NZD", "PEN", "PHP", "PKR", "PLN", "SGD", "THB", "TWD", "USD",
    }
)  # fmt: skip


def in_words(money: Money | None) -> str:
    """Format money: `PHP 1,314.00`; in minor units for an unknown currency."""
    if money is None:
        return "an unknown amount"
    currency, value = money.currency, money.value
    if currency in WITHOUT_DECIMALS:
        return f"{currency} {value:,}"
    if currency in WITH_TWO_DECIMALS:
        sign = "-" if value < 0 else ""
        whole, minor = divmod(abs(value), 100)
        return f"{currency} {sign}{whole:,}.{minor:02}"
    return f"{currency} {value:,} minor units"
