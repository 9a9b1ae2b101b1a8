"""The home page, and a visitor's preferences: language and market."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from storefront.catalog import CATALOG
from storefront.pages.rendering import page
from storefront.shop import Shop
from storefront.visits import LANGUAGE, LIKED_FOR, MARKET, Visit
from storefront.words import LANGUAGES

LONGEST_PATH = 200


class Browsing:
    """The home page and the visitor's preferences."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.router = APIRouter()
        self.router.get("/")(self.home)
        self.router.post("/preferences")(self.prefer)
        self.router.api_route("/health/live", methods=["GET", "HEAD"])(self.live)

    async def home(self, request: Request) -> Response:
        """All products, with their prices in the visitor's market."""
        visit = Visit.of(request)
        cart = await self._shop.carts.find(visit.cart)
        return page("home.html", visit, catalog=CATALOG, cart_count=cart.count)

    async def prefer(
        self,
        language: Annotated[str, Form()] = "",
        market: Annotated[str, Form()] = "",
        back: Annotated[str, Form()] = "/",
    ) -> Response:
        """Store the visitor's preference, and redirect to the same page."""
        answer = RedirectResponse(_own_path(back), 303)
        cookies = self._shop.cookies
        if language in LANGUAGES:
            cookies.set(answer, LANGUAGE, language, seconds=LIKED_FOR)
        if market in {one.code for one in CATALOG.markets}:
            cookies.set(answer, MARKET, market, seconds=LIKED_FOR)
        return answer

    async def live(self) -> dict[str, str]:
        return {"status": "live"}


def _own_path(back: str) -> str:
    """Return a path of this shop: a form must not redirect to other sites."""
    # A text with this beginning names no host, which saves a parser that may fail.
    is_own = (
        back.startswith("/")
        and not back.startswith(("//", "/\\"))
        and len(back) <= LONGEST_PATH
        and back.isprintable()
    )
    return back if is_own else "/"
