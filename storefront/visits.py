"""A visitor's request: language, market, cart and device, from the browser."""

from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response

from storefront.catalog import CATALOG, Market
from storefront.settings import StorefrontSettings
from storefront.wallets import Device
from storefront.words import LANGUAGES, Words, country_of, language_of

CART: Final = "cart"
ORDER: Final = "order"
LANGUAGE: Final = "language"
MARKET: Final = "market"
# A year for preferences, a month for carts (carts.py).
LIKED_FOR = 365 * 24 * 3600
KEPT_FOR = 30 * 24 * 3600


@dataclass(frozen=True)
class Visit:
    """One request for a page.

    Attributes:
        words: The shop's words in the visitor's language and market.
        cart: The token of their cart; may be empty, or name a deleted cart.
        order: The token of their last order; may be empty or unknown.
        device: Their device.
        path: The requested path.
    """

    words: Words
    cart: str
    order: str
    device: Device
    path: str

    @property
    def market(self) -> Market:
        return self.words.market

    @classmethod
    def of(cls, request: Request, market: str | None = None) -> "Visit":
        """Read a request.

        Args:
            request: The browser's request.
            market: The market of an order, in place of the visitor's choice.
        """
        cookies, headers = request.cookies, request.headers
        chosen, accepted = cookies.get(LANGUAGE, ""), headers.get("accept-language", "")
        language = chosen if chosen in LANGUAGES else language_of(accepted)
        codes = {one.code for one in CATALOG.markets}
        where = market or cookies.get(MARKET, "") or country_of(accepted, codes)
        return cls(
            words=Words(language, CATALOG.market(where)),
            cart=cookies.get(CART, ""),
            order=cookies.get(ORDER, ""),
            device=Device.of(headers.get("user-agent", "")),
            path=request.url.path,
        )


class Cookies:
    """Sets cookies that scripts cannot read, and other sites' forms do not send."""

    def __init__(self, settings: StorefrontSettings) -> None:
        self._is_secure = settings.is_secure

    def set(self, answer: Response, name: str, value: str, *, seconds: int) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            secure=self._is_secure,
            httponly=True,
            # Not `strict`: the redirect back from the wallet comes from another site.
            samesite="lax",
        )

    def drop(self, answer: Response, name: str) -> None:
        answer.delete_cookie(
            name, secure=self._is_secure, httponly=True, samesite="lax"
        )
