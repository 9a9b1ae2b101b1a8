"""The back office: all orders, what went back of each, and the form that refunds."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from storefront.back_office.login import HOME
from storefront.back_office.problems import Problem, problem_of
from storefront.catalog import CATALOG
from storefront.ordering.orders import ShopOrder
from storefront.ordering.refunding import Refunding, a_wish
from storefront.ordering.refunds import ASKED, OrderRefund, left_of, refunded_of
from storefront.pages.rendering import page
from storefront.payment_api.client import AwayError, RefusedError
from storefront.payment_api.refunds import OrderRefunds
from storefront.shop import Shop
from storefront.visits import Visit
from storefront.words import Words

ORDERS_ON_A_PAGE = 50
# As RefundForm makes them: the API takes more, and nobody else writes one here.
REFUND_ID = "^[0-9a-f]{16}$"
LONGEST_NUMBER = 64
# What is too long is refused by the API, which says so; this only bounds what we keep.
LONGEST_TEXT = 2000

log = logging.getLogger(__name__)

Member = Callable[[Request], Awaitable[str]]


@dataclass(frozen=True)
class RefundForm:
    """The form as it is filled in; a new one has a new `refund_id`.

    Attributes:
        refund_id: So that pressing twice, or sending it again, is one refund.
        amount: As it was written.
    """

    refund_id: str
    amount: str = ""
    reason: str = ""
    note: str = ""

    @classmethod
    def new(cls) -> "RefundForm":
        return cls(secrets.token_hex(8))


class BackOffice:
    """The pages of who has logged in."""

    def __init__(self, shop: Shop, refunding: Refunding, member: Member) -> None:
        """Take what the pages are made with.

        Args:
            shop: The parts of the shop.
            refunding: Asks for refunds.
            member: Says who of the staff asks; each page depends on it.
        """
        self._shop = shop
        self._refunding = refunding
        self._member = member
        guarded = [Depends(member)]
        self.router = APIRouter(prefix=HOME, dependencies=guarded)
        self.router.get("")(self.list)
        self.router.get("/orders/{number}")(self.show)
        self.router.post("/orders/{number}/refunds")(self.refund)
        self.router.post("/orders/{number}/refunds/{refund_id}")(self.ask_again)

    async def list(self, request: Request, before: str = "") -> Response:
        """All orders, the newest first."""
        orders, next_before = await self._shop.orders.newest(
            ORDERS_ON_A_PAGE, before=before[:LONGEST_NUMBER]
        )
        visit = Visit.of(request)
        rows = [
            (
                order,
                Words(visit.words.language, CATALOG.market(order.market)),
                refunded_of(order.refunds),
            )
            for order in orders
        ]
        return page(
            "back_office/orders.html",
            visit,
            member=await self._member(request),
            rows=rows,
            next_before=next_before,
        )

    async def show(self, number: str, request: Request) -> Response:
        """An order: how it stands, what went back of it, and what is left."""
        order = await self._order(number)
        return await self._page(order, request, RefundForm.new())

    async def refund(
        self,
        number: str,
        request: Request,
        refund_id: Annotated[str, Form(pattern=REFUND_ID)],
        left: Annotated[int, Form()],
        which: Annotated[str, Form(max_length=8)] = "part",
        amount: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
        reason: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
        note: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
    ) -> Response:
        """Give back an amount, or all that was left when the form was shown."""
        order = await self._order(number)
        form = RefundForm(refund_id, amount.strip(), reason.strip(), note.strip())
        words = Visit.of(request, market=order.market).words
        try:
            value = left if which == "all" else words.read_money(form.amount)
        except ValueError:
            value = 0
        if value <= 0:
            return await self._page(order, request, form, Problem("amount", 422))
        wish = a_wish(
            refund_id,
            value=value,
            asked_by=await self._member(request),
            reason=form.reason,
            note=form.note,
        )
        return await self._ask(order, request, wish, left, form)

    async def ask_again(
        self, number: str, refund_id: str, request: Request
    ) -> Response:
        """Ask once more for a refund of which nobody knows whether it was heard."""
        order = await self._order(number)
        wish = next(
            (
                one
                for one in order.refunds
                if one.refund_id == refund_id and one.status == ASKED
            ),
            None,
        )
        if wish is None:
            # It has been heard of meanwhile.
            return RedirectResponse(_path_of(order), 303)
        return await self._ask(order, request, wish, None, RefundForm.new())

    async def _ask(
        self,
        order: ShopOrder,
        request: Request,
        wish: OrderRefund,
        left: int | None,
        form: RefundForm,
    ) -> Response:
        asked = {"order_id": order.order_id, "refund_id": wish.refund_id}
        by = await self._member(request)
        log.info("refund asked for", extra={**asked, "member": by})
        try:
            await self._refunding.ask(order, wish, left)
        except RefusedError as error:
            if problem := problem_of(error):
                return await self._page(order, request, form, problem)
        except AwayError:
            pass  # written down as asked for, which the page says
        return RedirectResponse(f"{_path_of(order)}#{wish.refund_id}", 303)

    async def _page(
        self,
        order: ShopOrder,
        request: Request,
        form: RefundForm,
        problem: Problem | None = None,
    ) -> Response:
        told: OrderRefunds | None = None
        is_away = False
        try:
            told = await self._refunding.look(order)
        except (AwayError, RefusedError):
            is_away = True
        # Anew: the answer may have changed it.
        order = await self._order(order.order_id)
        given_back = refunded_of(order.refunds).given_back
        left = left_of(order.value, order.refunds)
        if told and told.given_back and told.left:
            given_back, left = told.given_back.value, told.left.value
        if problem and problem.takes_the_name:
            form = replace(form, refund_id=RefundForm.new().refund_id)
        return page(
            "back_office/order.html",
            Visit.of(request, market=order.market),
            http_status=problem.http_status if problem else 200,
            member=await self._member(request),
            order=order,
            given_back=given_back,
            left=left,
            elsewhere=told.elsewhere if told else (),
            is_away=is_away,
            form=form,
            problem=problem,
        )

    async def _order(self, number: str) -> ShopOrder:
        order = await self._shop.orders.find_by_number(number[:LONGEST_NUMBER])
        if order is None:
            raise HTTPException(404)
        return order


def _path_of(order: ShopOrder) -> str:
    return f"{HOME}/orders/{order.order_id}"
