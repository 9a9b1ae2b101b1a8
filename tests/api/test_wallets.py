"""GET /wallets: with what customers can pay, as the book of wallets says."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.wallets import CURRENCIES, WALLETS
from tests.api.keyed import KeyedApi, keyed_api
from tests.api.running import API_KEY


@pytest.fixture
async def api(tmp_path: Path, alipay_key: RSAPrivateKey) -> AsyncIterator[KeyedApi]:
    async with keyed_api(tmp_path, alipay_key) as api:
        yield api


async def wallets(api: KeyedApi, query: str = "") -> dict[str, dict[str, Any]]:
    answer = await api.call(API_KEY, f"GET /wallets{query}")
    assert answer.status_code == 200
    return {wallet["code"]: wallet for wallet in answer.json()["wallets"]}


async def test_a_wallet_is_told_with_its_rules(api: KeyedApi) -> None:
    found = await wallets(api)
    assert list(found) == list(WALLETS)
    assert found["GCASH"] == {
        "code": "GCASH",
        "name": "GCash",
        "market": "PH",
        "currencies": ["PHP"],
        "terminals": ["WEB", "WAP", "APP"],
        "minimum": 100,
        "maximum": None,
        "value_multiple": 1,
        "default_expiry_minutes": 14,
        "longest_expiry_minutes": WALLETS["GCASH"].longest_expiry_minutes,
        "may_cancel": True,
        "refund": WALLETS["GCASH"].refund,
        "refund_days": WALLETS["GCASH"].refund_days,
        "minimum_refund": 100,
    }


async def test_steps_are_those_of_the_wallet_and_of_its_currency(
    api: KeyedApi,
) -> None:
    found = await wallets(api)
    # Whole rupiahs, and JKOPay's whole dollars.
    assert found["DANA"]["value_multiple"] == 100
    assert found["JKOPAY"]["value_multiple"] == 100
    assert found["DANA"]["may_cancel"] is False


async def test_wallets_are_chosen_by_currency_and_terminal(api: KeyedApi) -> None:
    found = await wallets(api, "?currency=PHP&terminal=WEB")
    assert {"GCASH", "MAYA"} <= found.keys()
    assert all(
        "PHP" in wallet["currencies"] and "WEB" in wallet["terminals"]
        for wallet in found.values()
    )
    left_out = WALLETS.keys() - found.keys()
    assert "DANA" in left_out
    assert all(
        "WEB" not in WALLETS[code].terminals
        or "PHP" not in (WALLETS[code].currencies or CURRENCIES)
        for code in left_out
    )


async def test_a_page_of_many_wallets_takes_every_currency(api: KeyedApi) -> None:
    for currency in ("KRW", "CLP"):
        found = await wallets(api, f"?currency={currency}")
        assert set(found["CONNECT_WALLET"]["currencies"]) == set(CURRENCIES)


@pytest.mark.parametrize(
    ("query", "field", "rule"),
    [
        ("currency=XXX", "currency", "XXX is not a currency"),
        ("currency=php", "currency", "pattern"),
        ("currency=", "currency", "pattern"),
        ("terminal=TV", "terminal", "'WEB', 'WAP' or 'APP'"),
    ],
)
async def test_an_unknown_currency_or_terminal_is_named(
    query: str, field: str, rule: str, api: KeyedApi
) -> None:
    answer = await api.call(API_KEY, f"GET /wallets?{query}")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "INVALID"
    [error] = problem["errors"]
    assert error["field"] == field
    assert rule in error["rule"]
    assert rule in problem["detail"]
