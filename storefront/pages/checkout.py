"""The cart and its checkout on one page: products, quantities and the wallet."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from storefront.catalog import CATALOG
from storefront.ordering.carts import MOST_OF_ONE
from storefront.ordering.orders import CartChangedError
from storefront.pages.rendering import page
from storefront.payment_api.answers import Wallet
from storefront.shop import Shop
from storefront.visits import CART, KEPT_FOR, ORDER, Visit
from storefront.wallets import Offer, WalletsAwayError, offers_of


class Checkout:
    """The pages on which a cart becomes an order."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.router = APIRouter()
        self.router.get("/cart")(self.show)
        self.router.post("/cart")(self.change)
        self.router.post("/checkout")(self.buy)

    async def show(self, request: Request) -> Response:
        return await self._page(Visit.of(request))

    async def change(
        self,
        request: Request,
        product: Annotated[str, Form()],
        quantity: Annotated[int | None, Form(ge=0, le=MOST_OF_ONE)] = None,
    ) -> Response:
        """Add a product to the cart, or set its quantity."""
        wanted = CATALOG.product(product)
        if wanted is None:
            raise HTTPException(404)
        visit = Visit.of(request)
        cart = await self._shop.carts.change(visit.cart, wanted, quantity=quantity)
        answer = RedirectResponse("/cart", 303)
        self._shop.cookies.set(answer, CART, cart.token, seconds=KEPT_FOR)
        return answer

    async def buy(
        self,
        request: Request,
        cart: Annotated[str, Form(max_length=64)],
        market: Annotated[str, Form(max_length=2)],
        total: Annotated[int, Form()],
        wallet: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """Turn the cart into an order, start its payment, and redirect to the wallet.

        The form holds everything that the customer saw, so that another tab cannot
        change the order that this one agrees to.
        """
        visit = Visit.of(request, market=market)
        try:
            chosen = await self._wallet(wallet, visit)
        except WalletsAwayError:
            return await self._page(visit, status=503)
        if chosen is None:
            return await self._page(visit, problem="choose", status=422)
        try:
            order = await self._shop.orders.place(
                cart, chosen.code, visit.words, seen_total=total
            )
        except CartChangedError:
            return await self._page(visit, problem="changed", status=409)
        where = await self._shop.paying.begin(order, chosen, visit.device)
        answer = RedirectResponse(where, 303)
        self._shop.cookies.set(answer, ORDER, order.token, seconds=KEPT_FOR)
        if visit.cart == cart:
            self._shop.cookies.drop(answer, CART)
        return answer

    async def _page(
        self, visit: Visit, *, problem: str = "", status: int = 200
    ) -> Response:
        cart = await self._shop.carts.find(visit.cart)
        total = cart.total(visit.market)
        offers: list[Offer] | None = []
        if cart.count:
            try:
                offers = await self._offers(visit, total)
            except WalletsAwayError:
                offers, status = None, 503
        return page(
            "cart.html",
            visit,
            http_status=status,
            cart_count=cart.count,
            cart=cart,
            total=total,
            offers=offers,
            problem=problem,
            most=MOST_OF_ONE,
        )

    async def _offers(self, visit: Visit, total: int) -> list[Offer]:
        wallets = await self._shop.wallets.of(
            visit.market.currency, visit.device.terminal
        )
        minutes = self._shop.settings.expires_in_minutes
        return offers_of(wallets, total, visit.words, minutes)

    async def _wallet(self, code: str, visit: Visit) -> Wallet | None:
        wallets = await self._shop.wallets.of(
            visit.market.currency, visit.device.terminal
        )
        return next((one for one in wallets if one.code == code), None)
