from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from alipay.errors import WalletRuleError
from alipay.refund_rules import check_refund
from alipay.wallets import CURRENCIES, RULES, WALLETS, Wallet

PAID_AT = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
REFUNDING = [wallet for wallet in WALLETS.values() if wallet.refund != "none"]
PARTIAL = [wallet for wallet in WALLETS.values() if wallet.refund == "partial"]


def check(wallet: Wallet, **refund: Any) -> None:
    """Check a full refund, right in everything that is not said."""
    whole = {
        "currency": next(iter(wallet.currencies), "USD"),
        "value": 20_000_000,
        "left": 20_000_000,
        "paid_at": PAID_AT,
        "now": PAID_AT + timedelta(days=1),
    }
    check_refund(wallet, **{**whole, **refund})


def refusal(code: str, **refund: Any) -> WalletRuleError:
    with pytest.raises(WalletRuleError) as caught:
        check(WALLETS[code], **refund)
    return caught.value


@pytest.mark.parametrize("wallet", REFUNDING, ids=lambda wallet: wallet.code)
def test_every_wallet_with_refunds_gives_all_back_on_the_next_day(
    wallet: Wallet,
) -> None:
    check(wallet)


@pytest.mark.parametrize("code", ["OVO", "GOPAY_ID"])
def test_a_wallet_without_refunds_is_named_with_its_source(code: str) -> None:
    error = refusal(code)
    assert (error.field, error.source) == ("wallet", WALLETS[code].cited)
    assert error.rule == f"{WALLETS[code].name} gives no refunds"


@pytest.mark.parametrize("code", ["JKOPAY", "DOKU", "SHOPEEPAY_MY", "CONNECT_WALLET"])
def test_a_wallet_that_gives_back_only_all_refuses_a_part(code: str) -> None:
    error = refusal(code, value=10_000_000)
    assert error.field == "amount.value"
    assert "gives back only all" in error.rule
    assert error.rule.endswith("a value of 20000000")


@pytest.mark.parametrize("wallet", PARTIAL, ids=lambda wallet: wallet.code)
def test_neither_a_refund_nor_its_rest_is_below_the_least(wallet: Wallet) -> None:
    (currency,) = wallet.currencies
    step, least = CURRENCIES[currency].value_multiple, wallet.least_refund
    if least is None or least == step:
        check(wallet, value=step)
        return
    whole = 3 * least
    for value in (least, whole - least, whole):
        check(wallet, value=value, left=whole)
    for value in (least - step, whole - least + step, whole - step):
        with pytest.raises(WalletRuleError) as caught:
            check(wallet, value=value, left=whole)
        assert caught.value.field == "amount.value"
        assert caught.value.source == RULES.refunds.cited


def test_the_refusal_of_a_rest_names_the_possible_refunds() -> None:
    assert refusal("KAKAOPAY", value=960, left=1_000).rule == (
        "KRW 40 would be left, and Kakao Pay gives back at least KRW 50, a value of "
        "50: give back all, 1000, or at most 950"
    )
    assert refusal("KAKAOPAY", value=50, left=99).rule.endswith("give back all, 99")


def test_a_least_refund_is_named_with_its_source() -> None:
    assert str(refusal("KAKAOPAY", value=49)) == (
        "amount.value: KAKAOPAY was given 49 (KRW 49) (Kakao Pay gives back at least "
        "KRW 50, a value of 50; "
        "https://docs.antom.com/ac/questions/refund_question, 2026-11-29)"
    )


PERIODS = [
    ("ZALOPAY", 180),
    ("BANKTRANSFER_QUICKPAY", 180),
    ("PAGALEVE", 90),
    ("LINEPAY", 30),
    ("GCASH", 365),
]


@pytest.mark.parametrize(("code", "days"), PERIODS)
def test_the_period_begins_with_the_payment_and_ends_to_the_second(
    code: str, days: int
) -> None:
    end = PAID_AT + timedelta(days=days)
    check(WALLETS[code], now=end - timedelta(seconds=1))
    error = refusal(code, now=end)
    assert (error.field, error.source) == ("paid_at", WALLETS[code].cited)
    assert f"for {days} days, here until {end.isoformat()}" in error.rule


def test_all_other_stated_periods_are_of_365_days() -> None:
    other = {code: days for code, days in PERIODS if days != 365}
    stated = {w.code: w.refund_days for w in WALLETS.values() if w.refund_days}
    assert {c: d for c, d in stated.items() if d != 365} == other


def test_the_period_does_not_depend_on_time_zones() -> None:
    seoul = timezone(timedelta(hours=9))
    end = (PAID_AT + timedelta(days=365)).astimezone(seoul)
    check(WALLETS["GCASH"], now=end - timedelta(seconds=1))
    assert refusal("GCASH", paid_at=PAID_AT.astimezone(seoul), now=end)


def test_a_wallet_without_a_stated_period_has_no_end() -> None:
    check(WALLETS["JKOPAY"], now=PAID_AT + timedelta(days=3_650))


def test_a_refund_is_in_the_currency_of_the_payment() -> None:
    error = refusal("GCASH", currency="USD")
    assert (error.field, error.rule) == ("amount.currency", "GCash takes PHP")
    check(WALLETS["CONNECT_WALLET"], currency="MYR", paid_currency="MYR")
    error = refusal("CONNECT_WALLET", currency="USD", paid_currency="MYR")
    assert error.field == "amount.currency"
    assert error.rule == "what was paid in MYR is given back in MYR"
    assert refusal("CONNECT_WALLET", currency="XXX").field == "amount.currency"


def test_rupiah_are_given_back_whole_and_jkopay_in_whole_dollars() -> None:
    assert "IDR goes in steps" in refusal("DANA", value=5_000_050).rule
    assert "JKOPay goes in steps" in refusal("JKOPAY", value=150, left=150).rule


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "100", None, 10**16])
def test_an_invalid_amount_is_refused_in_a_short_text(value: object) -> None:
    error = refusal("GCASH", value=value)
    assert error.field == "amount.value"
    assert "positive whole number" in error.rule
    assert len(str(error)) < 300


def test_more_than_is_left_is_not_the_wallets_to_refuse() -> None:
    check(WALLETS["GCASH"], value=20_000, left=10_000)
