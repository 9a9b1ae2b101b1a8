"""The shop's texts in each language, and the format of money and times.

All texts are in words/{language}.toml; a missing one is an error at once.
"""

import re
import tomllib
from collections.abc import Container, Mapping
from datetime import datetime
from decimal import Decimal
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_time, get_timezone_location
from babel.numbers import (
    NumberFormatError,
    format_currency,
    get_currency_symbol,
    parse_decimal,
)

from storefront.catalog import Market

LANGUAGES: Final = ("en", "id")
# Digits and separators; a longer number is not a price.
NUMBER = re.compile(r"[0-9][0-9.,]{0,19}")


def flattened(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the texts of nested tables by their path: `cart.title`."""
    words: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            words |= flattened(value, f"{prefix}{name}.")
        else:
            words[f"{prefix}{name}"] = value
    return words


def _read(language: str) -> Mapping[str, str]:
    file = resources.files("storefront").joinpath("words", f"{language}.toml")
    return MappingProxyType(flattened(tomllib.loads(file.read_text("utf-8"))))


WORDS: Final = {language: _read(language) for language in LANGUAGES}


def language_of(accepted: str) -> str:
    """Return our language that a browser's Accept-Language prefers."""
    liked = [tag.partition("-")[0].lower() for tag in tags_of(accepted)]
    return next((tag for tag in liked if tag in LANGUAGES), LANGUAGES[0])


def country_of(accepted: str, known: Container[str]) -> str:
    """Return the known country of a browser's Accept-Language, or an empty text.

    Example: both `id-ID,id;q=0.9` and `id` give ID, the main country of the language.
    """
    for tag in tags_of(accepted):
        language, _, rest = tag.partition("-")
        country = rest.rpartition("-")[2].upper()
        likely = get_global("likely_subtags").get(language.lower(), "")
        for one in (country, likely.split("_")[-1] if not rest else ""):
            if one in known:
                return one
    return ""


def tags_of(accepted: str) -> list[str]:
    """Return the languages of an Accept-Language, the preferred ones first."""
    weighted = []
    for place, part in enumerate(accepted[:200].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    return [tag for _, _, tag in sorted(weighted)]


class Words:
    """The texts of one language, with the formats of one market."""

    def __init__(self, language: str, market: Market) -> None:
        self.language = language
        self.market = market
        self._words = WORDS[language]
        try:
            self._locale = Locale(language, market.code)
        except UnknownLocaleError:
            self._locale = Locale(language)

    def __call__(self, name: str, /, **values: object) -> str:
        """Return the text of that name, with the values filled in."""
        return self._words[name].format(**values)

    def knows(self, name: str) -> bool:
        return name in self._words

    def counted(self, name: str, number: int) -> str:
        """Return the text for a number, in the plural form of the language."""
        return self(f"{name}.{self._locale.plural_form(number)}", number=number)

    def money(self, value: int, currency: str | None = None) -> str:
        """Format minor units of the market's currency."""
        amount = Decimal(value).scaleb(-self.market.digits)
        written: str = format_currency(
            amount, currency or self.market.currency, locale=self._locale
        )
        return written

    def read_money(self, text: str) -> int:
        """Parse an amount: `PHP 50.00`, `₱1,050`, `50`.

        The separators are those of `money`.

        Returns:
            Minor units of the market's currency.

        Raises:
            ValueError: It is not an amount, or has more decimals than the currency.
        """
        currency = self.market.currency
        symbol = get_currency_symbol(currency, locale=self._locale)
        number = text.strip()
        for mark in (currency, symbol):
            number = re.sub(
                f"^{re.escape(mark)}|{re.escape(mark)}$",
                "",
                number,
                flags=re.IGNORECASE,
            ).strip()
        if not NUMBER.fullmatch(number):
            raise ValueError("must be an amount in digits")
        try:
            amount = parse_decimal(number, locale=self._locale, strict=True)
        except NumberFormatError:
            raise ValueError("must be an amount in digits") from None
        minor = amount.scaleb(self.market.digits)
        if minor != minor.to_integral_value():
            raise ValueError("is finer than the currency")
        return int(minor)

    def time(self, moment: datetime) -> str:
        """Format a time of day in the market's time zone, with the zone's city."""
        zone, locale = self.market.zone, self._locale
        written = format_time(moment, "short", tzinfo=zone, locale=locale)
        city = get_timezone_location(zone, locale=locale, return_city=True)
        return f"{written} ({city})"

    def date_and_time(self, moment: datetime) -> str:
        """Format a date and time."""
        day = format_date(
            moment.astimezone(self.market.zone), "medium", locale=self._locale
        )
        return f"{day}, {self.time(moment)}"

    def country(self, code: str) -> str:
        name: str = self._locale.territories[code]
        return name
