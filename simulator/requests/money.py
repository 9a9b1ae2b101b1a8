"""Money in whole minor units: currencies, their display, invented exchange rates."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

# The price of one US dollar. Invented, but of the right size, and fixed: the same
# payment always settles to the same amount.
PER_DOLLAR: dict[str, Decimal] = {
    currency: Decimal(price)
    for currency, price in {
        "AUD": "1.52", "BDT": "121.50", "BRL": "5.41", "CAD": "1.38", "CLP": "951.20",
        "CNY": "7.13", "EUR": "0.86", "GBP": "0.74", "HKD": "7.80", "IDR": "15544.04",
        "JPY": "147.30", "KRW": "1392.50", "MXN": "18.62", "MYR": "4.22", "NZD": "1.71",
        "PEN": "3.54", "PHP": "57.12", "PKR": "281.90", "PLN": "3.65", "SGD": "1.28",
        "THB": "32.31", "TWD": "30.58", "USD": "1", "VND": "26340.00",
    }.items()
}  # fmt: skip

# Digits after the point. Alipay's list is closed: docs.antom.com/ac/ref/cc and the
# official SDK's amount-currency-rules.json (2026-09-01).
WITHOUT_MINOR_UNIT = frozenset({"JPY", "KRW", "VND", "CLP"})
EXPONENTS: dict[str, int] = {
    currency: 0 if currency in WITHOUT_MINOR_UNIT else 2 for currency in PER_DOLLAR
}

PRICE_DIGITS = Decimal("0.000001")


@dataclass(frozen=True)
class Money:
    """An amount in the currency's smallest unit."""

    currency: str
    value: int

    def wire(self) -> dict[str, str]:
        return {"currency": self.currency, "value": str(self.value)}

    def __str__(self) -> str:
        """Return the amount as shown to customers: PHP 1,314.00."""
        digits = EXPONENTS[self.currency]
        return f"{self.currency} {Decimal(self.value).scaleb(-digits):,.{digits}f}"


@dataclass(frozen=True)
class Quote:
    """The value of a payment in the merchant's settlement currency."""

    settled: Money
    pair: str
    price: Decimal


def settle(paid: Money, currency: str) -> Quote:
    """Convert at the fixed rates; the price is payment units per settlement unit."""
    price = (PER_DOLLAR[paid.currency] / PER_DOLLAR[currency]).quantize(PRICE_DIGITS)
    major = Decimal(paid.value).scaleb(-EXPONENTS[paid.currency]) / price
    minor = major.scaleb(EXPONENTS[currency]).quantize(Decimal(1), ROUND_HALF_UP)
    return Quote(Money(currency, int(minor)), f"{currency}/{paid.currency}", price)
