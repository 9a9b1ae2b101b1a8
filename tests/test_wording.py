"""Money reads the same in histories as everywhere else."""

import pytest

from alipay.wallets import CURRENCIES, format_money
from contracts import Money, in_words
from simulator.requests.money import EXPONENTS


@pytest.mark.parametrize("currency", [*sorted(CURRENCIES), "XAU"])
@pytest.mark.parametrize("value", [0, 1, 99, 100, 131400, 10**15, -131405])
def test_money_is_written_as_alipays_list_has_it(currency: str, value: int) -> None:
    money = Money(currency=currency, value=value)
    assert in_words(money) == format_money(currency, value)


def test_unknown_money_is_said_to_be_unknown() -> None:
    assert in_words(None) == "an unknown amount"


def test_the_simulator_takes_each_currency_in_the_same_minor_units() -> None:
    ours = {code: currency.exponent for code, currency in CURRENCIES.items()}
    assert ours == EXPONENTS
