"""The back office: all orders, their refunds, and the refund form."""

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
from storefront.ordering.refunding import Refunding, new_refund
from storefront.ordering.refunds import ASKED, OrderRefund, left_of, refunded_of
from storefront.pages.rendering import page
from storefront.payment_api.client import AwayError, RefusedError
from storefront.payment_api.refunds import OrderRefunds
from storefront.shop import Shop
from storefront.visits import Visit
from storefront.words import Words

ORDERS_ON_A_PAGE = 50
# The ids that RefundForm makes; the API accepts others, which this form never sends.
REFUND_ID = "^[0-9a-f]{16}$"
LONGEST_NUMBER = 64
# The API rejects longer texts with a reason; this limit only bounds our storage.
LONGEST_TEXT = 2000

log = logging.getLogger(__name__)

Member = Callable[[Request], Awaitable[str]]


@dataclass(frozen=True)
class RefundForm:
    """The filled-in form; a new one has a new `refund_id`.

    Attributes:
        refund_id: Makes a repeat of the form the same refund.
        amount: The text as entered.
    """

    refund_id: str
    amount: str = ""
    reason: str = ""
    note: str = ""

    @classmethod
    def new(cls) -> "RefundForm":
        return cls(secrets.token_hex(8))


class BackOffice:
    """The pages for staff who have logged in."""

    def __init__(self, shop: Shop, refunding: Refunding, member: Member) -> None:
        """Store the parts that the pages need.

        Args:
            shop: The parts of the shop.
            refunding: Requests refunds.
            member: Returns the staff member's name; each page depends on it.
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
        """An order: its status, its refunds, and the refundable rest."""
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
        """Refund an amount, or the rest that the form has shown."""
        order = await self._order(number)
        form = RefundForm(refund_id, amount.strip(), reason.strip(), note.strip())
        words = Visit.of(request, market=order.market).words
        try:
            value = left if which == "all" else words.read_money(form.amount)
        except ValueError:
            value = 0
        if value <= 0:
            return await self._page(order, request, form, Problem("amount", 422))
        refund = new_refund(
            refund_id,
            value=value,
            asked_by=await self._member(request),
            reason=form.reason,
            note=form.note,
        )
        return await self._ask(order, request, refund, left, form)

    async def ask_again(
        self, number: str, refund_id: str, request: Request
    ) -> Response:
        """Repeat a refund request of which it is unknown whether it was received."""
        order = await self._order(number)
        refund = next(
            (
                one
                for one in order.refunds
                if one.refund_id == refund_id and one.status == ASKED
            ),
            None,
        )
        if refund is None:
            # The API has answered meanwhile.
            return RedirectResponse(_path_of(order), 303)
        return await self._ask(order, request, refund, None, RefundForm.new())

    async def _ask(
        self,
        order: ShopOrder,
        request: Request,
        refund: OrderRefund,
        left: int | None,
        form: RefundForm,
    ) -> Response:
        asked = {"order_id": order.order_id, "refund_id": refund.refund_id}
        by = await self._member(request)
        log.info("refund requested", extra={**asked, "member": by})
        try:
            await self._refunding.ask(order, refund, left)
        except RefusedError as error:
            if problem := problem_of(error):
                return await self._page(order, request, form, problem)
        except AwayError:
            pass  # stored as requested, which the page shows
        return RedirectResponse(f"{_path_of(order)}#{refund.refund_id}", 303)

    async def _page(
        self,
        order: ShopOrder,
        request: Request,
        form: RefundForm,
        problem: Problem | None = None,
    ) -> Response:
        answer: OrderRefunds | None = None
        is_away = False
        try:
            answer = await self._refunding.look(order)
        except (AwayError, RefusedError):
            is_away = True
        # Read again: the answer may have changed it.
        order = await self._order(order.order_id)
        given_back = refunded_of(order.refunds).given_back
        left = left_of(order.value, order.refunds)
        if answer and answer.given_back and answer.left:
            given_back, left = answer.given_back.value, answer.left.value
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
            elsewhere=answer.elsewhere if answer else (),
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
