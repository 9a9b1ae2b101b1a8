"""An order's pages: its status, the return from the wallet, and its record."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from storefront.ordering.paying import page_of
from storefront.pages.finding import Found
from storefront.pages.rendering import page
from storefront.pages.status import status_of
from storefront.payment_api.answers import Wallet
from storefront.shop import Shop
from storefront.visits import Visit
from storefront.wallets import WalletsAwayError


class OrderPages:
    """Reached by the order's unguessable token, from any device."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.router = APIRouter(prefix="/orders/{token}")
        self.router.get("")(self.show)
        self.router.get("/return")(self.come_back)
        self.router.post("/pay")(self.pay)
        self.router.post("/cancel")(self.cancel)
        self.router.get("/record")(self.record)

    async def show(self, order: Found, request: Request) -> Response:
        """The result page, with the order's current status."""
        return await self._page(order, Visit.of(request, market=order.market))

    async def come_back(self, order: Found, later: BackgroundTasks) -> Response:
        """The redirect URL after the wallet; it proves nothing, and starts a query."""
        later.add_task(self._shop.paying.refresh, order)
        return RedirectResponse(page_of(order), 303)

    async def pay(
        self,
        order: Found,
        request: Request,
        wallet: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """Try again, or with another wallet: the same order, so never paid twice."""
        visit = Visit.of(request, market=order.market)
        if not wallet:
            return await self._page(order, visit, problem="choose", http_status=422)
        chosen = await self._chosen(wallet, visit)
        where = await self._shop.paying.begin(order, chosen, visit.device)
        return RedirectResponse(where, 303)

    async def cancel(self, order: Found) -> Response:
        await self._shop.paying.cancel(order)
        return RedirectResponse(page_of(order), 303)

    async def record(self, order: Found, request: Request) -> Response:
        """For developers: the shop's records of this order."""
        return page(
            "record.html",
            Visit.of(request, market=order.market),
            order=order,
            callbacks=await self._shop.orders.callbacks_of(order),
        )

    async def _page(
        self, order: Found, visit: Visit, *, problem: str = "", http_status: int = 200
    ) -> Response:
        status = await status_of(self._shop, order, visit)
        cart = await self._shop.carts.find(visit.cart)
        return page(
            "order.html",
            visit,
            http_status=http_status,
            cart_count=cart.count,
            order=order,
            status=status,
            problem=problem,
        )

    async def _chosen(self, code: str, visit: Visit) -> Wallet | str:
        """Return the wallet, or only its code while the list is unavailable.

        The API itself checks the code, so that trying again works when it is back.
        """
        try:
            wallets = await self._shop.wallets.of(
                visit.market.currency, visit.device.terminal
            )
        except WalletsAwayError:
            return code
        found = next((one for one in wallets if one.code == code), None)
        if found is None:
            raise HTTPException(404)
        return found
