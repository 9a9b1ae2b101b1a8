"""The wallets and their rules for payments, read from dated data.

The rules are in `wallets.toml`, each with its source and that source's date: a new
wallet is one row there and no code. Every row is checked when the file is read, so a
typing error stops the start of the process and not a customer's payment.
"""

import difflib
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, timezone
from importlib import resources
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from alipay.errors import WalletRuleError

# "Until 00:15 of T+1, UTC+8": Alipay's day, whatever the market's own time zone is
# (docs/protocol.md 3.6). No daylight saving there, so a fixed offset is exact.
ALIPAY_TIME: Final = timezone(timedelta(hours=8))
CANCEL_CLOSES: Final = time(0, 15, tzinfo=ALIPAY_TIME)

# Alipay's `amount.value` is a text of at most 16 characters (docs/protocol.md 2.0).
LARGEST_VALUE: Final = 10**16 - 1

# TOML has only lists; everything else in a row must be of its exact type.
Strings = Annotated[tuple[str, ...], Field(strict=False)]
Terminals = Annotated[
    tuple[Literal["WEB", "WAP", "APP"], ...], Field(strict=False, min_length=1)
]


class Sourced(BaseModel):
    """A published rule.

    Attributes:
        source: The public page with the rule.
        source_date: The page's own date, as exact as it says (a year, a month, a day);
            the day it was read if it has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source: str = Field(pattern=r"^https://\S+$")
    source_date: str = Field(pattern=r"^20\d\d(-[01]\d(-[0-3]\d)?)?$")

    @property
    def cited(self) -> str:
        """The source with its date, for error texts."""
        return f"{self.source}, {self.source_date}"


class Rules(BaseModel):
    """The rules that are common to all wallets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    codes: Sourced
    amounts: Sourced
    terminals: Sourced
    expiry: Sourced
    cancel: Sourced
    refunds: Sourced


class Currency(Sourced):
    """A currency Alipay takes: how many digits its minor unit has, and its step."""

    code: str = Field(pattern=r"^[A-Z]{3}$")
    exponent: int = Field(ge=0, le=3)
    value_multiple: PositiveInt = 1


class Wallet(Sourced):
    """A wallet and its rules; amounts in minor units, None where no rule is published.

    Attributes:
        code: Alipay's `paymentMethodType`.
        market: The customer's country, ISO 3166; None for a cashier of many wallets.
        currencies: Currencies the customer can pay in; empty for every known currency.
        longest_expiry_minutes: The longest expiry that may be *requested*: DANA and
            GCash have 14 minutes by default, but only a shorter time may be requested.
        refund: `none`, `full` (only the whole amount) or `partial` (any part, too).
        refund_days: How long after the payment it may be refunded.
        confidence: How reliable the row is; `conflict` where sources disagree.
    """

    code: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    name: str = Field(min_length=1)
    market: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    currencies: Strings
    terminals: Terminals
    default_expiry_minutes: PositiveInt
    longest_expiry_minutes: PositiveInt
    cancel_before_payment: bool
    cancel_after_payment: Literal["until_00_15_utc8", "not_allowed"]
    refund: Literal["none", "full", "partial"]
    refund_days: PositiveInt | None = None
    minimum: PositiveInt | None = None
    maximum: PositiveInt | None = None
    value_multiple: PositiveInt = 1
    confidence: Literal["good", "medium", "low", "conflict"]
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.minimum or 1) > (self.maximum or LARGEST_VALUE):
            raise ValueError("minimum is above maximum")
        if (self.minimum or self.maximum) and len(self.currencies) != 1:
            raise ValueError("limits need exactly one currency to be read in")
        if self.refund == "none" and self.refund_days is not None:
            raise ValueError("refund_days without a refund")
        return self

    @property
    def least_refund(self) -> int | None:
        """Return the least that may be refunded, and that a refund may leave.

        Our conclusion: that is the least payment (docs/protocol.md 3.7).
        """
        return self.minimum

    def may_cancel_paid_until(self, paid_at: datetime) -> datetime | None:
        """Return when the cancel window of a payment closes; None if there is none.

        Args:
            paid_at: When the customer paid; any time zone.

        Returns:
            The first moment, in UTC, at which cancelling is too late and only a
            refund is possible: 00:15 UTC+8 on the day after the payment's day there.
        """
        day = _aware(paid_at).astimezone(ALIPAY_TIME).date()
        if self.cancel_after_payment == "not_allowed":
            return None
        closes = datetime.combine(day + timedelta(days=1), CANCEL_CLOSES)
        return closes.astimezone(UTC)

    def refund_until(self, paid_at: datetime) -> datetime | None:
        """Return when the refund period ends, in UTC.

        None if there is no refund, or (`refund` shows which) no period is stated.
        """
        paid_at = _aware(paid_at).astimezone(UTC)
        if self.refund_days is None:
            return None
        return paid_at + timedelta(days=self.refund_days)


class Book(BaseModel):
    """All wallets, currencies and rules, consistent with each other.

    Attributes:
        default_expiry_minutes: For wallets whose row does not say otherwise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default_expiry_minutes: PositiveInt

    rules: Rules
    currencies: Mapping[str, Currency]
    wallets: Mapping[str, Wallet]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for wallet in self.wallets.values():
            steps = [wallet.value_multiple]
            for code in wallet.currencies:
                if code not in self.currencies:
                    raise ValueError(f"{wallet.code}: unknown currency {code}")
                steps.append(self.currencies[code].value_multiple)
            for limit in (wallet.minimum, wallet.maximum):
                if limit is not None and any(limit % step for step in steps):
                    raise ValueError(f"{wallet.code}: nobody can pay exactly {limit}")
        return self

    def default_expiry(self, code: str) -> timedelta:
        """Return the default expiry of a payment with a wallet, in minutes.

        Args:
            code: Alipay's code; an unknown wallet has the usual expiry.
        """
        wallet = self.wallets.get(code)
        minutes = (wallet or self).default_expiry_minutes
        return timedelta(minutes=minutes)


def read_book(text: str) -> Book:
    """Read wallets and rules from TOML.

    Raises:
        ValueError: A row is incomplete, contradicts itself or another one.
    """
    data = tomllib.loads(text)
    # One row may hold for many currencies; a wallet's row has only unusual values.
    currencies = {
        code: {**row, "code": code}
        for row in data.pop("currencies")
        for code in row.pop("codes")
    }
    usual = data.pop("usual")
    wallets = {
        code: {**usual, **row, "code": code}
        for code, row in data.pop("wallets").items()
    }
    return Book.model_validate(
        {
            **data,
            "currencies": currencies,
            "wallets": wallets,
            "default_expiry_minutes": usual.get("default_expiry_minutes"),
        }
    )


_BOOK: Final = read_book(
    resources.files("alipay").joinpath("wallets.toml").read_text("utf-8")
)
RULES: Final = _BOOK.rules
CURRENCIES: Final[Mapping[str, Currency]] = MappingProxyType(dict(_BOOK.currencies))
WALLETS: Final[Mapping[str, Wallet]] = MappingProxyType(dict(_BOOK.wallets))

default_expiry = _BOOK.default_expiry


def find_wallet(code: str) -> Wallet:
    """Return the wallet with a code.

    Raises:
        WalletRuleError: There is no such wallet; the text names similar codes.
    """
    if code in WALLETS:
        return WALLETS[code]
    near = difflib.get_close_matches(code[:64].upper(), WALLETS, n=3, cutoff=0.5)
    raise WalletRuleError(
        "wallet",
        f"{described(code)} is not in the rule book"
        + (f"; did you mean {' or '.join(near)}?" if near else ""),
        rule="a wallet is named by Alipay's code, in capitals",
        source=RULES.codes.cited,
    )


def check_payment(
    wallet: Wallet,
    *,
    currency: str,
    value: int,
    terminal: str,
    expires_in_minutes: int | None,
) -> None:
    """Check a payment against the rules of its wallet, before it is sent.

    Args:
        wallet: The wallet the customer chose.
        currency: ISO 4217 code of the payment.
        value: The payment, in minor units.
        terminal: The shop's terminal: WEB, WAP or APP.
        expires_in_minutes: The requested expiry; None for the wallet's default.

    Raises:
        WalletRuleError: The first rule that is broken, its field and its source.
    """
    check_currency(wallet, currency)
    check_value(wallet, currency, value)
    _check_limits(wallet, CURRENCIES[currency], value)
    if terminal not in wallet.terminals:
        raise WalletRuleError(
            "terminal.type",
            f"{wallet.code} was given {described(terminal)}",
            rule=f"{wallet.name} runs on {', '.join(wallet.terminals)}",
            source=RULES.terminals.cited,
        )
    if expires_in_minutes is not None:
        _check_expiry(wallet, expires_in_minutes)


def format_money(currency: str, value: int) -> str:
    """Format money: `PHP 1,314.00`, `KRW 5,000`.

    The decimals of a currency that is not in the table are unknown, so none are
    guessed.
    """
    if currency not in CURRENCIES:
        return f"{currency} {value:,} minor units"
    exponent = CURRENCIES[currency].exponent
    whole, minor = divmod(abs(value), 10**exponent)
    digits = f".{minor:0{exponent}}" if exponent else ""
    return f"{currency} {'-' if value < 0 else ''}{whole:,}{digits}"


def check_currency(wallet: Wallet, currency: str) -> None:
    """Reject a currency that Alipay, or this wallet, does not take.

    Raises:
        WalletRuleError: With the rule and its source.
    """
    if currency not in CURRENCIES:
        raise WalletRuleError(
            "amount.currency",
            f"{wallet.code} was given {described(currency)}",
            rule="the currencies Alipay takes are a closed list of ISO 4217 codes",
            source=RULES.amounts.cited,
        )
    if wallet.currencies and currency not in wallet.currencies:
        raise WalletRuleError(
            "amount.currency",
            f"{wallet.code} was given {described(currency)}",
            rule=f"{wallet.name} takes {', '.join(wallet.currencies)}",
            source=wallet.cited,
        )


def check_value(wallet: Wallet, currency: str, value: int) -> None:
    """Reject an invalid amount in a currency, or one that the wallet does not take.

    Args:
        wallet: The wallet, which may have larger steps than the currency.
        currency: One of `CURRENCIES`.
        value: In minor units.

    Raises:
        WalletRuleError: With the rule and its source.
    """
    # bool is an int to Python, and a float comes close to one: neither is money.
    if type(value) is not int or not 1 <= value <= LARGEST_VALUE:
        raise value_refused(
            wallet,
            CURRENCIES[currency],
            value,
            "an amount is a positive whole number of minor units, at most 16 digits",
            RULES.amounts,
        )
    row = CURRENCIES[currency]
    for owner, rule_of, step in (
        (currency, row, row.value_multiple),
        (wallet.name, RULES.amounts, wallet.value_multiple),
    ):
        if value % step:
            rule = f"{owner} goes in steps of {money_and_value(currency, step)}"
            raise value_refused(wallet, row, value, rule, rule_of)


def value_refused(
    wallet: Wallet, currency: Currency, value: object, rule: str, rule_of: Sourced
) -> WalletRuleError:
    """Return the error that names the value, the rule and its source."""
    return WalletRuleError(
        "amount.value",
        f"{wallet.code} was given {described(value, currency)}",
        rule=rule,
        source=rule_of.cited,
    )


def money_and_value(currency: str, limit: int) -> str:
    """Format a limit for people and for programs: `PHP 1.00, a value of 100`."""
    return f"{format_money(currency, limit)}, a value of {limit}"


def _check_limits(wallet: Wallet, currency: Currency, value: int) -> None:
    minimum, maximum = wallet.minimum, wallet.maximum
    if minimum is not None and value < minimum:
        rule = f"{wallet.name} takes at least {money_and_value(currency.code, minimum)}"
        raise value_refused(wallet, currency, value, rule, wallet)
    if maximum is not None and value > maximum:
        rule = f"{wallet.name} takes at most {money_and_value(currency.code, maximum)}"
        raise value_refused(wallet, currency, value, rule, wallet)


def _check_expiry(wallet: Wallet, minutes: int) -> None:
    if type(minutes) is int and 1 <= minutes <= wallet.longest_expiry_minutes:
        return
    default = wallet.default_expiry_minutes
    only_less = "only less, " if wallet.longest_expiry_minutes < default else ""
    # The default is published; the longest expiry is concluded from several pages.
    rule = (
        f"{wallet.name} expires after {default} minutes by default and may be given "
        f"{only_less}1 to {wallet.longest_expiry_minutes}: docs/protocol.md 2.1.2"
    )
    raise WalletRuleError(
        "expires_in_minutes",
        f"{wallet.code} was given {described(minutes)}",
        rule=rule,
        source=RULES.expiry.cited,
    )


def _aware(moment: datetime) -> datetime:
    """Reject a time without an offset: a guess could move the deadline by a day."""
    if moment.utcoffset() is None:
        raise ValueError("paid_at must carry its UTC offset")
    return moment


def described(value: object, currency: Currency | None = None) -> str:
    """Describe a rejected value; shortened, for it may have any type and length."""
    if type(value) is int:
        if abs(value) > LARGEST_VALUE:  # Python refuses to print the really long ones
            return "a number of more than 16 digits"
        return (
            f"{value} ({format_money(currency.code, value)})"
            if currency
            else f"{value}"
        )
    text = repr(value[:24] if isinstance(value, str) else value)
    return f"{text[:40]} ({type(value).__name__})"
