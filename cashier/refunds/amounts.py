"""Reads amounts as people write them: `50`, `50.00`, in the currency's main unit."""

import re

from cashier.temporal_calls import CommandError
from contracts import Money
from contracts.wording import WITH_TWO_DECIMALS, WITHOUT_DECIMALS, in_words

# No refund is larger; and no comma, which some read as the decimal point.
WRITTEN = re.compile(r"(?P<whole>[0-9]{1,12})(?:\.(?P<rest>[0-9]+))?")


def amount_of(written: str, currency: str) -> Money:
    """Return the amount in minor units.

    Args:
        written: `50` or `50.00`; of a currency without decimals `50`.
        currency: The currency of the payment.

    Raises:
        CommandError: The amount breaks a rule; the message names it.
    """
    digits = _digits_of(currency)
    read = WRITTEN.fullmatch(written)
    if read is None or (read["rest"] is not None and len(read["rest"]) != digits):
        example = in_words(Money(currency=currency, value=5000))
        raise CommandError(
            f"--amount: must be written as {example.partition(' ')[2]} is, in "
            f"{currency}, with a decimal point and no other characters; not {written!r}"
        )
    value = int(read["whole"]) * 10**digits + int(read["rest"] or 0)
    if value == 0:
        raise CommandError("--amount: must be more than 0")
    return Money(currency=currency, value=value)


def _digits_of(currency: str) -> int:
    if currency in WITHOUT_DECIMALS:
        return 0
    if currency in WITH_TWO_DECIMALS:
        return 2
    raise CommandError(
        f"--amount: how many decimals {currency} has is not known here; refund all "
        "that is left, without --amount, or use the API"
    )
