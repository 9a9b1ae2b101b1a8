"""The wallets that a customer may choose, and their rules."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storefront.payment_api.answers import Wallet
from storefront.payment_api.client import AwayError, CashierApi, RefusedError
from storefront.words import Words

# The rules change with a release of the API, a few times a year.
FRESH_SECONDS = 60


@dataclass(frozen=True)
class Device:
    """The customer's device in Alipay's terms: WEB, or WAP with its `os`."""

    terminal: str
    os: str | None = None

    @classmethod
    def of(cls, user_agent: str) -> "Device":
        """Return the device of a User-Agent."""
        for os, words in (
            ("IOS", ("iPhone", "iPad", "iPod")),
            ("ANDROID", ("Android",)),
        ):
            if any(word in user_agent for word in words):
                return cls("WAP", os)
        return cls("WEB")


@dataclass(frozen=True)
class Offer:
    """A wallet for one order: its rules as text, and why it is excluded, if it is."""

    wallet: Wallet
    rules: Sequence[str]
    excluded: str = ""


class WalletsAwayError(Exception):
    """The API did not return the wallets, and none are cached."""


class WalletCache:
    """The wallets of each currency and device, requested once a minute."""

    def __init__(
        self, api: CashierApi, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._monotonic = monotonic
        self._known: dict[tuple[str, str], tuple[float, tuple[Wallet, ...]]] = {}
        self._asking: dict[tuple[str, str], asyncio.Task[tuple[Wallet, ...]]] = {}

    async def of(self, currency: str, terminal: str) -> tuple[Wallet, ...]:
        """Return the wallets; older ones while the API is unavailable.

        Raises:
            WalletsAwayError: There are no older ones either.
        """
        asked_at, wallets = self._known.get((currency, terminal), (None, ()))
        now = self._monotonic()
        if asked_at is not None and now - asked_at < FRESH_SECONDS:
            return wallets
        try:
            fresh = await self._asked_once(currency, terminal)
        except (AwayError, RefusedError) as error:
            if asked_at is not None:
                return wallets
            raise WalletsAwayError from error
        self._known[currency, terminal] = (now, fresh)
        return fresh

    async def _asked_once(self, currency: str, terminal: str) -> tuple[Wallet, ...]:
        """Share one request among simultaneous callers.

        After a restart each open page needs the wallets, and separate calls would
        exceed the API's limit for a shop.
        """
        key = currency, terminal
        asking = self._asking.get(key)
        if asking is None or asking.done():
            asking = asyncio.create_task(self._api.wallets(currency, terminal))
            self._asking[key] = asking
        return await asyncio.shield(asking)


def minutes_to_pay(wallet: Wallet, wanted: int | None) -> int:
    """Return the minutes to pay: the shop's wanted number or the wallet's limit."""
    if wanted is None:
        return wallet.default_expiry_minutes
    return min(wanted, wallet.longest_expiry_minutes)


def offers_of(
    wallets: Sequence[Wallet], value: int, words: Words, minutes: int | None
) -> list[Offer]:
    """Return the wallets for an amount; excluded ones come last."""
    offers = [
        Offer(
            wallet, _rules(wallet, words, minutes), _why_excluded(wallet, value, words)
        )
        for wallet in wallets
    ]
    return sorted(offers, key=lambda offer: bool(offer.excluded))


def _rules(wallet: Wallet, words: Words, minutes: int | None) -> list[str]:
    rules = [words.counted("wallet.minutes", minutes_to_pay(wallet, minutes))]
    if not wallet.may_cancel:
        rules.append(words("wallet.no_cancel"))
    if words.knows(f"wallet.refund.{wallet.refund}"):
        rules.append(words(f"wallet.refund.{wallet.refund}"))
    return rules


def _why_excluded(wallet: Wallet, value: int, words: Words) -> str:
    if wallet.minimum is not None and value < wallet.minimum:
        return words("wallet.minimum", amount=words.money(wallet.minimum))
    if wallet.maximum is not None and value > wallet.maximum:
        return words("wallet.maximum", amount=words.money(wallet.maximum))
    if value % wallet.value_multiple:
        return words("wallet.multiple", amount=words.money(wallet.value_multiple))
    return ""
