"""Amounts as operators write them: never read as a hundred times as much."""

import pytest

from cashier.refunds.amounts import amount_of
from cashier.temporal_calls import CommandError
from contracts import Money


@pytest.mark.parametrize(
    ("written", "currency", "value"),
    [
        ("50", "PHP", 5000),
        ("50.00", "PHP", 5000),
        ("0.01", "USD", 1),
        ("5000", "JPY", 5000),
        ("5000", "KRW", 5000),
    ],
)
def test_an_amount_is_read_in_the_currencys_main_unit(
    written: str, currency: str, value: int
) -> None:
    assert amount_of(written, currency) == Money(currency=currency, value=value)


@pytest.mark.parametrize(
    ("written", "currency"),
    [
        ("50.0", "PHP"),
        ("50.000", "PHP"),
        ("50,00", "PHP"),
        ("1,000", "PHP"),
        ("50.", "PHP"),
        (".50", "PHP"),
        ("-1", "PHP"),
        ("+1", "PHP"),
        ("1e3", "PHP"),
        (" 5", "PHP"),
        ("\u0665", "PHP"),
        ("", "PHP"),
        ("50.00", "JPY"),
        ("1234567890123", "PHP"),
        ("0", "PHP"),
        ("0.00", "PHP"),
        ("5", "XXX"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(written: str, currency: str) -> None:
    with pytest.raises(CommandError, match="--amount: "):
        amount_of(written, currency)
