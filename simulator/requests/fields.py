"""Reading a request's JSON field by field; every refusal names the field."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from simulator.requests.money import EXPONENTS, Money
from simulator.requests.refusal import RefusedError

# Letters, digits, - and _ only: our conclusion (docs/protocol.md 2.0).
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
# A positive whole number in text, of at most 16 digits (docs/protocol.md 2.0).
VALUE = re.compile(r"[1-9][0-9]{0,15}")


def illegal(field: str, problem: str) -> RefusedError:
    return RefusedError("PARAM_ILLEGAL", f"{field} {problem}")


@dataclass(frozen=True)
class Fields:
    """A JSON object of the request, and its path."""

    values: dict[str, Any]
    path: str = ""

    @classmethod
    def parse(cls, body: bytes) -> "Fields":
        try:
            values = json.loads(body)
        except (ValueError, RecursionError):
            raise illegal("The body", "is not JSON") from None
        if not isinstance(values, dict):
            raise illegal("The body", "is not a JSON object")
        try:
            # JSON can hold half of a surrogate pair, which no answer can repeat.
            json.dumps(values, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise illegal("The body", "holds half of a surrogate pair") from None
        except RecursionError:
            raise illegal("The body", "is nested too deeply") from None
        return cls(values)

    def named(self, name: str) -> str:
        return f"{self.path}{name}"

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def under(self, name: str) -> "Fields":
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise illegal(self.named(name), "is missing or not an object")
        return Fields(value, f"{self.named(name)}.")

    def text(self, name: str, *, longest: int) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise illegal(self.named(name), "is missing or not a text")
        if len(value) > longest:
            raise illegal(self.named(name), f"is longer than {longest} characters")
        return value

    def one_of(self, name: str, *allowed: str) -> str:
        value = self.text(name, longest=64)
        if value not in allowed:
            raise illegal(self.named(name), f"must be {' or '.join(allowed)}")
        return value

    def identifier(self, name: str) -> str:
        value = self.text(name, longest=64)
        if not IDENTIFIER.fullmatch(value):
            raise illegal(self.named(name), "may hold letters, digits, - and _ only")
        return value

    def url(self, name: str, *schemes: str) -> str:
        """Read an absolute URL; without `schemes` any is allowed, as apps have some."""
        value = self.text(name, longest=2048)
        try:
            parts = urlsplit(value)
            # Read only to check it: a port is a number up to 65535.
            _ = parts.port
        except ValueError:
            raise illegal(self.named(name), "is not a URL") from None
        if not parts.scheme or not parts.hostname or not value.isascii():
            raise illegal(self.named(name), "is not an absolute URL")
        if schemes and parts.scheme not in schemes:
            raise illegal(self.named(name), f"must begin with {' or '.join(schemes)}")
        return value

    def moment(self, name: str) -> datetime:
        """Read a time with an offset, and return it in UTC."""
        value = self.text(name, longest=64)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise illegal(self.named(name), "is not an ISO 8601 time") from None
        if "T" not in value or moment.tzinfo is None:
            raise illegal(self.named(name), "must be a time with an offset")
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise illegal(self.named(name), "is out of the calendar") from None

    def currency(self, name: str) -> str:
        value = self.text(name, longest=3)
        if value not in EXPONENTS:
            raise RefusedError(
                "CURRENCY_NOT_SUPPORT", f"{self.named(name)} {value!r} is not supported"
            )
        return value

    def amount(self, name: str) -> Money:
        amount = self.under(name)
        value = amount.values.get("value")
        if not isinstance(value, str) or not VALUE.fullmatch(value):
            raise illegal(
                amount.named("value"), "must be a positive whole number in text"
            )
        money = Money(amount.currency("currency"), int(value))
        # Rupiah have two minor digits that must be 00 (docs/protocol.md 2.0).
        if money.currency == "IDR" and money.value % 100:
            raise illegal(amount.named("value"), "must end in 00 for IDR")
        return money
