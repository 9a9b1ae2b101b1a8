"""Wallets: the rules that matter, in words, and asked for seldom."""

import asyncio
from typing import Any

import httpx
import pytest

from storefront.catalog import CATALOG
from storefront.payment_api.answers import Wallet
from storefront.payment_api.client import CashierApi
from storefront.settings import StorefrontSettings
from storefront.shop import client_of
from storefront.wallets import (
    FRESH_SECONDS,
    Device,
    WalletCache,
    WalletsAwayError,
    minutes_to_pay,
    offers_of,
)
from storefront.words import Words
from tests.storefront.played_api import PlayedApi, a_problem, a_wallet

WORDS = Words("en", CATALOG.market("PH"))


def the_offer(value: int, **rules: Any) -> tuple[str, str]:
    wallet = Wallet.model_validate(a_wallet("GCASH", **rules))
    [offer] = offers_of([wallet], value, WORDS, None)
    return " · ".join(offer.rules), offer.excluded


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "14 minutes to pay"),
        ({"default_expiry_minutes": 1}, "1 minute to pay"),
        (
            {"may_cancel": False, "refund": "none"},
            "14 minutes to pay · cannot be cancelled once started · no refunds",
        ),
        ({"refund": "full"}, "14 minutes to pay · refunds of the whole amount only"),
        ({"refund": "by_some_new_way"}, "14 minutes to pay"),
    ],
)
def test_the_rules_that_matter_are_shown(rules: dict[str, Any], words: str) -> None:
    assert the_offer(18000, **rules) == (words, "")


@pytest.mark.parametrize(
    ("value", "rules", "why"),
    [
        (4999, {"minimum": 5000}, "Takes ₱50.00 or more"),
        (5000, {"minimum": 5000}, ""),
        (5001, {"minimum": None, "maximum": 5000}, "Takes ₱50.00 or less"),
        (5000, {"minimum": None, "maximum": 5000}, ""),
        (5050, {"value_multiple": 100}, "Takes whole multiples of ₱1.00"),
    ],
)
def test_a_wallet_that_cannot_take_the_order_says_why(
    value: int, rules: dict[str, Any], why: str
) -> None:
    assert the_offer(value, **rules)[1] == why


def test_what_cannot_be_chosen_stands_last() -> None:
    wallets = [
        Wallet.model_validate(a_wallet("A", minimum=99999)),
        Wallet.model_validate(a_wallet("B")),
    ]
    offers = offers_of(wallets, 18000, WORDS, None)
    assert [offer.wallet.code for offer in offers] == ["B", "A"]


def test_the_shop_s_time_never_exceeds_the_wallet_s() -> None:
    wallet = Wallet.model_validate(a_wallet("GCASH"))
    assert [minutes_to_pay(wallet, wanted) for wanted in (None, 5, 60)] == [14, 5, 13]


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0", Device("WEB")),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)", Device("WAP", "IOS")),
        ("Mozilla/5.0 (Linux; Android 15; Pixel)", Device("WAP", "ANDROID")),
        ("", Device("WEB")),
    ],
)
def test_the_browser_names_the_device(user_agent: str, device: Device) -> None:
    assert Device.of(user_agent) == device


async def test_wallets_are_asked_for_once_a_minute_and_kept_while_the_api_is_away(
    shop_settings: StorefrontSettings, api: PlayedApi
) -> None:
    now = [0.0]
    async with client_of(shop_settings, api.transport) as http:
        book = WalletCache(CashierApi(http), monotonic=lambda: now[0])
        first = await book.of("PHP", "WEB")
        assert await book.of("PHP", "WEB") is first
        assert len(api.calls) == 1
        now[0] += FRESH_SECONDS
        api.instead["GET /wallets"] = lambda _: a_problem(503, "UNAVAILABLE")
        assert await book.of("PHP", "WEB") is first
        assert len(api.calls) == 2
        with pytest.raises(WalletsAwayError):
            await book.of("IDR", "WEB")
        api.instead.clear()
        assert [one.code for one in await book.of("IDR", "WEB")] == ["DANA", "OVO"]


async def test_pages_that_ask_together_are_one_call(
    shop_settings: StorefrontSettings, api: PlayedApi
) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)  # the others ask meanwhile
        return api.answer(request)

    async with client_of(shop_settings, httpx.MockTransport(answer)) as http:
        book = WalletCache(CashierApi(http))
        for status in (503, 200):
            if status == 503:
                api.instead["GET /wallets"] = lambda _: a_problem(503, "UNAVAILABLE")
            looks = [book.of("PHP", "WEB") for _ in range(5)]
            seen = await asyncio.gather(*looks, return_exceptions=True)
            assert len(api.calls) == 1
            is_away = [isinstance(one, WalletsAwayError) for one in seen]
            assert is_away == [status == 503] * 5
            api.calls.clear()
            api.instead.clear()
