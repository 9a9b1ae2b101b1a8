from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from alipay.errors import WalletRuleError
from alipay.wallets import (
    CURRENCIES,
    LARGEST_VALUE,
    RULES,
    WALLETS,
    Wallet,
    check_payment,
    default_expiry,
    find_wallet,
    format_money,
    read_book,
)

ALL_WALLETS = pytest.mark.parametrize("wallet", WALLETS.values(), ids=WALLETS)
WITH_MINIMUM = [w for w in WALLETS.values() if w.minimum]
WITH_MAXIMUM = [w for w in WALLETS.values() if w.maximum]

INDONESIAN = {
    "DANA", "OVO", "GOPAY_ID", "KREDIVO_ID", "AKULAKU_PAYLATER", "DOKU", "SHOPEEPAY_ID",
}  # fmt: skip


def step_of(wallet: Wallet) -> int:
    steps = {CURRENCIES[code].value_multiple for code in wallet.currencies}
    return max(steps | {wallet.value_multiple})


def check(
    wallet: Wallet,
    *,
    currency: str | None = None,
    value: int | None = None,
    terminal: str = "WEB",
    expires_in_minutes: int | None = None,
) -> None:
    """Check a payment that is right in everything that is not said."""
    check_payment(
        wallet,
        currency=currency or next(iter(wallet.currencies), "USD"),
        value=wallet.minimum or step_of(wallet) if value is None else value,
        terminal=terminal,
        expires_in_minutes=expires_in_minutes,
    )


def refusal(code: str, **payment: object) -> WalletRuleError:
    with pytest.raises(WalletRuleError) as caught:
        check(WALLETS[code], **payment)  # type: ignore[arg-type]
    return caught.value


# The book


@ALL_WALLETS
def test_every_wallet_has_a_source_and_a_date(wallet: Wallet) -> None:
    assert wallet.source.startswith("https://")
    assert wallet.source_date >= "2020"
    assert wallet.cited == f"{wallet.source}, {wallet.source_date}"


def test_every_currency_and_every_common_rule_has_a_source_and_a_date() -> None:
    common = [getattr(RULES, name) for name in type(RULES).model_fields]
    for row in [*CURRENCIES.values(), *common]:
        assert row.source.startswith("https://")
        assert row.source_date >= "2020"


def test_every_wallet_of_the_documentation_whose_code_is_known_has_a_row() -> None:
    assert WALLETS.keys() == INDONESIAN | {
        "ALIPAY_CN", "ALIPAY_HK", "GCASH", "MAYA", "GRABPAY_PH", "BPI", "BILLEASE",
        "AKULAKU_PAYLATER_PH", "SHOPEEPAY_PH", "TNG", "BOOST", "GRABPAY_MY",
        "GRABPAY_SG", "SHOPEEPAY_MY", "SHOPEEPAY_SG", "KAKAOPAY", "NAVERPAY", "TOSSPAY",
        "BANKTRANSFER_QUICKPAY", "TRUEMONEY", "RABBIT_LINE_PAY", "KPLUS",
        "SHOPEEPAY_TH", "PAYPAY", "LINEPAY", "JKOPAY", "ZALOPAY", "MOMO", "BKASH",
        "EASYPAISA", "PAGALEVE", "CONNECT_WALLET",
    }  # fmt: skip
    assert all(code == wallet.code for code, wallet in WALLETS.items())


@ALL_WALLETS
def test_a_doubtful_row_says_why(wallet: Wallet) -> None:
    if wallet.confidence in ("low", "conflict"):
        assert wallet.note


def test_only_the_cashier_of_many_wallets_has_neither_market_nor_currencies() -> None:
    assert [w.code for w in WALLETS.values() if not w.currencies] == ["CONNECT_WALLET"]
    assert [w.code for w in WALLETS.values() if not w.market] == ["CONNECT_WALLET"]


def test_the_rule_book_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        WALLETS["MINE"] = WALLETS["GCASH"]  # type: ignore[index]
    with pytest.raises(ValidationError, match="frozen"):
        WALLETS["GCASH"].minimum = 1  # type: ignore[misc]


SMALL_BOOK = """
[rules]
codes = {source = "https://a.example", source_date = "2024"}
amounts = {source = "https://a.example", source_date = "2024"}
terminals = {source = "https://a.example", source_date = "2024"}
expiry = {source = "https://a.example", source_date = "2024"}
cancel = {source = "https://a.example", source_date = "2024"}
refunds = {source = "https://a.example", source_date = "2024"}
[[currencies]]
codes = ["IDR"]
exponent = 2
value_multiple = 100
source = "https://a.example"
source_date = "2024-06"
[usual]
terminals = ["WEB"]
default_expiry_minutes = 14
longest_expiry_minutes = 14
cancel_before_payment = true
cancel_after_payment = "not_allowed"
[wallets.MINE]
name = "Mine"
market = "ID"
currencies = ["IDR"]
refund = "none"
minimum = 100
maximum = 100
source = "https://mine.example"
source_date = "2024-05-09"
confidence = "good"
"""


def test_a_new_wallet_is_one_row_and_no_code() -> None:
    assert read_book(SMALL_BOOK).wallets["MINE"].default_expiry_minutes == 14


def test_a_wallet_lasts_as_its_row_says_and_an_unknown_one_as_most_do() -> None:
    book = read_book(
        SMALL_BOOK.replace("default_expiry_minutes = 14", "default_expiry_minutes = 9")
        + "default_expiry_minutes = 5\n"
    )
    assert book.default_expiry("MINE") == timedelta(minutes=5)
    assert book.default_expiry("NEW") == timedelta(minutes=9)
    assert default_expiry("NEW") == timedelta(minutes=14)


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('source_date = "2024-05-09"\n', "", "source_date"),
        ('source_date = "2024-05-09"', 'source_date = "May 2024"', "source_date"),
        ('source = "https://mine.example"\n', "", "source"),
        ("https://mine.example", "hearsay", "source"),
        ('name = "Mine"', 'name = "Mine"\nterminals = []', "terminals"),
        ('currencies = ["IDR"]', 'currencies = ["XXX"]', "unknown currency XXX"),
        ("maximum = 100", "maximum = 99", "minimum is above maximum"),
        ("maximum = 100", "maximum = 150", "nobody can pay exactly 150"),
        ("maximum = 100", "maximum = 100.0", "maximum"),
        ("maximum = 100", "maximum = true", "maximum"),
        ('currencies = ["IDR"]', "currencies = []", "exactly one currency"),
        ('refund = "none"', 'refund = "none"\nrefund_days = 1', "without a refund"),
        ('refund = "none"', 'refund = "some"', "refund"),
        ("[wallets.MINE]", "[wallets.mine]", "code"),
        ('terminals = ["WEB"]', 'terminals = ["TV"]', "terminals"),
        ('name = "Mine"', 'name = "Mine"\nmaximun = 1', "maximun"),
    ],
)
def test_a_typing_error_in_the_rules_stops_the_start(
    right: str, wrong: str, complaint: str
) -> None:
    assert right in SMALL_BOOK
    with pytest.raises(ValueError, match=complaint):
        read_book(SMALL_BOOK.replace(right, wrong))


# Finding a wallet


def test_a_wallet_is_found_by_alipays_code() -> None:
    assert find_wallet("GCASH").name == "GCash"


@pytest.mark.parametrize(
    ("code", "nearest"),
    [("GCHAS", "GCASH"), ("gcash", "GCASH"), ("ALIPAYCN", "ALIPAY_CN")],
)
def test_an_unknown_wallet_is_refused_with_the_nearest_codes(
    code: str, nearest: str
) -> None:
    with pytest.raises(WalletRuleError, match=f"did you mean.*{nearest}") as caught:
        find_wallet(code)
    assert caught.value.field == "wallet"
    assert RULES.codes.cited in str(caught.value)


@pytest.mark.parametrize("code", ["", "$$$", "9" * 100_000])
def test_a_code_near_to_none_is_refused_in_a_short_text(code: str) -> None:
    with pytest.raises(WalletRuleError) as caught:
        find_wallet(code)
    assert "did you mean" not in str(caught.value)
    assert len(str(caught.value)) < 250


# Amounts


@ALL_WALLETS
@pytest.mark.parametrize("terminal", ["WEB", "WAP", "APP"])
def test_every_wallet_takes_its_smallest_payment_on_every_terminal(
    wallet: Wallet, terminal: str
) -> None:
    check(wallet, terminal=terminal)


@pytest.mark.parametrize("wallet", WITH_MINIMUM, ids=lambda w: w.code)
def test_a_wallet_takes_its_minimum_and_nothing_below(wallet: Wallet) -> None:
    assert wallet.minimum is not None
    check(wallet, value=wallet.minimum)
    with pytest.raises(WalletRuleError) as caught:
        check(wallet, value=wallet.minimum - step_of(wallet))
    assert caught.value.field == "amount.value"


@pytest.mark.parametrize("wallet", WITH_MAXIMUM, ids=lambda w: w.code)
def test_a_wallet_takes_its_maximum_and_nothing_above(wallet: Wallet) -> None:
    assert wallet.maximum is not None
    check(wallet, value=wallet.maximum)
    with pytest.raises(WalletRuleError, match="at most") as caught:
        check(wallet, value=wallet.maximum + step_of(wallet))
    assert caught.value.field == "amount.value"
    assert wallet.cited in str(caught.value)


@pytest.mark.parametrize(
    ("code", "minimum", "maximum"),
    [
        ("GCASH", "PHP 1.00", None),
        ("GRABPAY_PH", "PHP 10.00", "PHP 50,000.00"),
        ("ALIPAY_CN", "CNY 0.10", "CNY 300,000.00"),
        ("DANA", "IDR 300.00", "IDR 10,000,000.00"),
        ("KREDIVO_ID", "IDR 1.00", "IDR 30,000,000.00"),
        ("KAKAOPAY", "KRW 50", "KRW 2,000,000"),
        ("ZALOPAY", "VND 1,000", "VND 10,000,000"),
        ("LINEPAY", "JPY 1", "JPY 999,999"),
        ("TRUEMONEY", "THB 1.00", "THB 30,000.00"),
        ("TNG", "MYR 0.05", "MYR 20,000.00"),
    ],
)
def test_limits_read_as_in_the_documentation(
    code: str, minimum: str, maximum: str | None
) -> None:
    wallet = WALLETS[code]
    (currency,) = wallet.currencies
    assert wallet.minimum is not None
    assert format_money(currency, wallet.minimum) == minimum
    shown = wallet.maximum and format_money(currency, wallet.maximum)
    assert shown == maximum


def test_a_limit_by_day_does_not_limit_a_payment() -> None:
    check(WALLETS["GCASH"], value=10_000_001)


@pytest.mark.parametrize("value", [30_001, 30_050, 30_099])
def test_a_rupiah_amount_must_end_in_00(value: int) -> None:
    error = refusal("DANA", value=value)
    assert error.field == "amount.value"
    assert error.source == CURRENCIES["IDR"].cited
    assert str(error) == (
        f"amount.value: DANA was given {value} (IDR 300.{value % 100:02}) "
        "(IDR goes in steps of IDR 1.00, a value of 100; "
        "https://global.alipay.com/docs/ac/ams/payment_cashier, 2024-06)"
    )


def test_jkopay_takes_whole_dollars_only() -> None:
    check(WALLETS["JKOPAY"], value=300)
    assert "JKOPay goes in steps of TWD 1.00" in str(refusal("JKOPAY", value=110))


@pytest.mark.parametrize(
    "value",
    [
        *(0, -1, -(10**16), 10**16, True, 1.0, "100", None),
        # More digits than Python itself is willing to print
        pytest.param(10**5000, id="5001 digits"),
    ],
)
def test_an_amount_is_a_positive_whole_number_of_at_most_16_digits(
    value: object,
) -> None:
    with pytest.raises(WalletRuleError, match="positive whole number") as caught:
        check_payment(
            WALLETS["CONNECT_WALLET"],
            currency="USD",
            value=value,  # type: ignore[arg-type]
            terminal="WEB",
            expires_in_minutes=None,
        )
    assert caught.value.field == "amount.value"
    assert len(str(caught.value)) < 300


# Currencies


@pytest.mark.parametrize("currency", ["KWD", "php", "", "X" * 1000])
def test_a_currency_that_is_not_in_the_table_is_refused(currency: str) -> None:
    with pytest.raises(WalletRuleError, match="closed list") as caught:
        check_payment(
            WALLETS["CONNECT_WALLET"],
            currency=currency,
            value=100,
            terminal="WEB",
            expires_in_minutes=None,
        )
    assert caught.value.field == "amount.currency"
    assert len(str(caught.value)) < 300


def test_a_wallet_takes_its_own_currency_only() -> None:
    error = refusal("GCASH", currency="USD")
    assert error.field == "amount.currency"
    assert error.rule == "GCash takes PHP"
    assert error.source == WALLETS["GCASH"].cited


@pytest.mark.parametrize("currency", CURRENCIES)
def test_the_cashier_of_many_wallets_takes_every_currency(currency: str) -> None:
    check(WALLETS["CONNECT_WALLET"], currency=currency, value=100)


def test_a_rupiah_amount_must_end_in_00_with_every_wallet() -> None:
    error = refusal("CONNECT_WALLET", currency="IDR", value=150)
    assert error.field == "amount.value"


@pytest.mark.parametrize(
    ("currency", "value", "text"),
    [
        ("PHP", 131_400, "PHP 1,314.00"),
        ("PHP", 5, "PHP 0.05"),
        ("PHP", -5, "PHP -0.05"),
        ("PHP", 0, "PHP 0.00"),
        ("KRW", 5_000, "KRW 5,000"),
        ("JPY", 1, "JPY 1"),
        ("VND", 10_000_000, "VND 10,000,000"),
        ("IDR", 30_000, "IDR 300.00"),
        ("USD", LARGEST_VALUE, "USD 99,999,999,999,999.99"),
        ("KWD", 5_000, "KWD 5,000 minor units"),
    ],
)
def test_money_is_written_by_its_currencys_digits(
    currency: str, value: int, text: str
) -> None:
    assert format_money(currency, value) == text


def test_only_four_currencies_have_no_minor_unit() -> None:
    bare = {c.code for c in CURRENCIES.values() if c.exponent == 0}
    assert bare == {"JPY", "KRW", "VND", "CLP"}


# Terminal and expiry


@pytest.mark.parametrize("terminal", ["MINI_APP", "web", ""])
def test_a_terminal_is_web_wap_or_app(terminal: str) -> None:
    error = refusal("GCASH", terminal=terminal)
    assert error.field == "terminal.type"
    assert error.rule == "GCash runs on WEB, WAP, APP"
    assert error.source == RULES.terminals.cited


@ALL_WALLETS
def test_a_payment_expires_after_14_minutes_by_default_and_never_later(
    wallet: Wallet,
) -> None:
    assert wallet.default_expiry_minutes == 14
    for minutes in (None, 1, wallet.longest_expiry_minutes):
        check(wallet, expires_in_minutes=minutes)
    for minutes in (-1, 0, wallet.longest_expiry_minutes + 1, 15):
        with pytest.raises(WalletRuleError) as caught:
            check(wallet, expires_in_minutes=minutes)
        assert caught.value.field == "expires_in_minutes"
        assert caught.value.source == RULES.expiry.cited


def test_dana_and_gcash_may_only_be_given_less_than_their_default() -> None:
    shorter = {w.code for w in WALLETS.values() if w.longest_expiry_minutes < 14}
    assert shorter == {"DANA", "GCASH"}
    assert refusal("GCASH", expires_in_minutes=14).rule == (
        "GCash expires after 14 minutes by default and may be given "
        "only less, 1 to 13: docs/protocol.md 2.1.2"
    )


@pytest.mark.parametrize("minutes", [True, 5.0, "5"])
def test_an_expiry_is_a_whole_number_of_minutes(minutes: object) -> None:
    assert refusal("TNG", expires_in_minutes=minutes).field == "expires_in_minutes"


# Cancelling


def test_the_indonesian_wallets_and_jkopay_forbid_cancelling() -> None:
    assert {w.code for w in WALLETS.values() if w.market == "ID"} == INDONESIAN
    forbidding = {w.code for w in WALLETS.values() if not w.cancel_before_payment}
    assert forbidding == INDONESIAN | {"JKOPAY", "CONNECT_WALLET"}
    after = {
        w.code for w in WALLETS.values() if w.cancel_after_payment == "not_allowed"
    }
    assert after == forbidding


CHINA = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("paid_at", "closes"),
    [
        # The same day in UTC+8, from its first to its last second
        ("2026-03-10T00:00:00+08:00", "2026-03-11T00:15:00+08:00"),
        ("2026-03-10T00:15:00+08:00", "2026-03-11T00:15:00+08:00"),
        ("2026-03-10T23:59:59+08:00", "2026-03-11T00:15:00+08:00"),
        # Midnight in UTC+8 opens the next one
        ("2026-03-11T00:00:00+08:00", "2026-03-12T00:15:00+08:00"),
        # The day counts in UTC+8, wherever the customer's or Alipay's clock stands
        ("2026-03-10T15:59:59Z", "2026-03-10T16:15:00Z"),
        ("2026-03-10T16:00:00Z", "2026-03-11T16:15:00Z"),
        ("2026-03-10T08:59:00-07:00", "2026-03-10T16:15:00Z"),
        ("2026-03-10T09:00:00-07:00", "2026-03-11T16:15:00Z"),
        ("2026-03-11T00:59:00+09:00", "2026-03-10T16:15:00Z"),
        # Over the end of a month and of a year
        ("2028-02-28T12:00:00+08:00", "2028-02-29T00:15:00+08:00"),
        ("2026-12-31T12:00:00+08:00", "2027-01-01T00:15:00+08:00"),
    ],
)
def test_a_paid_payment_may_be_cancelled_until_00_15_utc8_of_the_next_day(
    paid_at: str, closes: str
) -> None:
    until = WALLETS["GCASH"].may_cancel_paid_until(datetime.fromisoformat(paid_at))
    assert until == datetime.fromisoformat(closes)
    assert until.tzinfo is UTC


def test_a_paid_payment_that_may_not_be_cancelled_has_no_window() -> None:
    assert WALLETS["DANA"].may_cancel_paid_until(datetime.now(UTC)) is None


# Refunds


def test_a_refund_period_counts_days_from_the_payment() -> None:
    paid_at = datetime(2026, 3, 10, 23, 59, tzinfo=CHINA)
    until = WALLETS["ZALOPAY"].refund_until(paid_at)
    assert until == paid_at + timedelta(days=180)
    assert until.tzinfo is UTC


def test_a_wallet_without_refunds_or_without_a_stated_period_has_no_deadline() -> None:
    assert {w.code for w in WALLETS.values() if w.refund == "none"} == {
        "OVO",
        "GOPAY_ID",
    }
    for code in ("OVO", "JKOPAY"):
        assert WALLETS[code].refund_until(datetime.now(UTC)) is None


@pytest.mark.parametrize("code", ["GCASH", "OVO"])
def test_a_time_without_an_offset_is_refused(code: str) -> None:
    naive = datetime(2026, 3, 10, 12, 0)  # noqa: DTZ001
    with pytest.raises(ValueError, match="UTC offset"):
        WALLETS[code].may_cancel_paid_until(naive)
    with pytest.raises(ValueError, match="UTC offset"):
        WALLETS[code].refund_until(naive)
