"""What the simulator says of each wallet, compared with our book of wallets.

The two are written apart, so that a mistake of one is found by the other.
"""

import pytest

from alipay.wallets import CURRENCIES, WALLETS, Wallet
from simulator.requests.wallets import WALLETS as PLAYED, wallet_of

EACH = pytest.mark.parametrize("wallet", WALLETS.values(), ids=WALLETS)
# Of the cashier of many wallets the simulator plays a wallet that allows everything,
# and the book says what all of them allow.
ONE_WALLET = pytest.mark.parametrize(
    "wallet",
    [one for one in WALLETS.values() if one.currencies],
    ids=lambda it: it.code,
)
# Contracts may add currencies, so the simulator takes every one.
MORE_BY_CONTRACT = {"ALIPAY_CN"}


@EACH
def test_each_wallet_of_the_book_is_played_by_a_row_of_its_own(wallet: Wallet) -> None:
    assert wallet.code in PLAYED


def test_one_wallet_is_played_that_the_book_does_not_know() -> None:
    assert PLAYED.keys() - WALLETS.keys() == {"LINKAJA"}


@EACH
def test_a_wallet_takes_the_same_currency(wallet: Wallet) -> None:
    currencies = () if wallet.code in MORE_BY_CONTRACT else wallet.currencies
    assert wallet_of(wallet.code).currency == (currencies[0] if currencies else None)


@EACH
def test_a_customer_has_the_same_time_to_pay(wallet: Wallet) -> None:
    assert wallet_of(wallet.code).minutes == wallet.default_expiry_minutes


@ONE_WALLET
def test_a_wallet_can_be_cancelled_in_both_or_in_none(wallet: Wallet) -> None:
    assert wallet_of(wallet.code).cancellable is wallet.cancel_before_payment


@ONE_WALLET
def test_a_wallet_gives_back_the_same(wallet: Wallet) -> None:
    played = wallet_of(wallet.code)
    assert played.refundable is (wallet.refund != "none")
    if wallet.refund != "none":
        assert played.partial_refunds is (wallet.refund == "partial")


@EACH
def test_a_stated_refund_period_is_the_same(wallet: Wallet) -> None:
    if wallet.refund_days is not None:
        assert wallet_of(wallet.code).refund_days == wallet.refund_days


@EACH
def test_the_simulator_refuses_no_amount_that_the_book_allows(wallet: Wallet) -> None:
    played = wallet_of(wallet.code)
    steps = [CURRENCIES[code].value_multiple for code in wallet.currencies]
    assert played.smallest_refund <= (wallet.least_refund or 1)
    assert max([*steps, wallet.value_multiple]) % played.step == 0
