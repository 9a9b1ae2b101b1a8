"""Has money of an order given back: written down first, then asked for, then told."""

from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Any

import httpx

from storefront.ordering.database import Database
from storefront.ordering.orders import ShopOrder
from storefront.ordering.refunds import (
    ASKED,
    OrderRefund,
    forget,
    keep,
    refunds_in,
)
from storefront.payment_api.answers import Refusal
from storefront.payment_api.client import CashierApi, RefusedError
from storefront.payment_api.refunds import REFUSED, OrderRefunds, Refund

# The API says so of a payment that it does not keep any more, after some months.
NOT_KEPT = "UNKNOWN_ORDER"


class Refunding:
    """Asks for refunds with a key of its own, which the customers' pages do not use."""

    def __init__(self, database: Database, api: CashierApi) -> None:
        self._database = database
        self._api = api

    async def close(self) -> None:
        await self._api.close()

    async def look(self, order: ShopOrder) -> OrderRefunds | None:
        """Ask what went back of an order, and keep it; None where the API knows none.

        Raises:
            AwayError, RefusedError: The API does not say.
        """
        told = await self._api.refunds(order.order_id)
        if told:
            now = datetime.now(UTC)
            answered = [OrderRefund.answered(one, now) for one in told.refunds]

            def work(db: Connection) -> None:
                for one in answered:
                    keep(db, order.order_id, one)

            await self._database.transact(work)
        return told

    async def ask(self, order: ShopOrder, wish: OrderRefund, left: int | None) -> None:
        """Ask for a refund; the same `refund_id` again is the same refund.

        It is written down before, so that a refund of which nobody knows whether it was
        heard can be asked for again, in the same words.

        Args:
            order: Whose money goes back.
            wish: How much, and why.
            left: What could still be refunded, as whoever asks has seen it, in minor
                units; another amount is refused. None for no such check: a person
                asks again for what nobody has answered.

        Raises:
            AwayError: Nobody knows whether it was heard.
            RefusedError: The API refuses it, and nothing goes back. A refusal by
                Alipay, 402, is kept as what became of the refund.
        """
        is_new = await self._write_down(order, wish)
        try:
            answer = await self._send(order, _body(order, wish, left))
        except RefusedError as error:
            if error.status == httpx.codes.PAYMENT_REQUIRED:
                await self._keep(order, _refused(wish, error.refusal))
            elif is_new or left is None:
                # A form that was sent twice may be heard yet; a person who asks again,
                # later, has waited for that.
                await self._database.transact(
                    lambda db: forget(db, order.order_id, wish.refund_id)
                )
            raise
        await self._keep(order, OrderRefund.answered(answer, datetime.now(UTC)))

    async def _write_down(self, order: ShopOrder, wish: OrderRefund) -> bool:
        """Write a refund down that has not been; return whether it is a new one."""

        def work(db: Connection) -> bool:
            known = {one.refund_id for one in refunds_in(db, order.order_id)}
            return wish.refund_id not in known and keep(db, order.order_id, wish)

        return await self._database.transact(work)

    async def _keep(self, order: ShopOrder, told: OrderRefund) -> None:
        await self._database.transact(lambda db: keep(db, order.order_id, told))

    async def _send(self, order: ShopOrder, body: dict[str, Any]) -> Refund:
        try:
            return await self._api.refund(order.order_id, body)
        except RefusedError as error:
            if error.refusal.code != NOT_KEPT or not order.paid_attempt:
                raise
        named = {**body, "payment_request_id": order.paid_attempt}
        return await self._api.refund(order.order_id, named)


def a_wish(
    refund_id: str, *, value: int, asked_by: str, reason: str, note: str
) -> OrderRefund:
    """Return a refund that a member of our staff wants.

    Args:
        refund_id: Made with the form, so that pressing twice is one refund.
        value: How much, in minor units of the order's currency.
        asked_by: Who of our staff.
        reason: The customer may see it.
        note: For our staff.
    """
    now = datetime.now(UTC)
    return OrderRefund(
        refund_id=refund_id,
        value=value,
        status=ASKED,
        status_at=now,
        asked_by=asked_by,
        asked_at=now,
        reason=reason,
        note=note,
    )


def _body(order: ShopOrder, wish: OrderRefund, left: int | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "refund_id": wish.refund_id,
        "amount": {"currency": order.currency, "value": wish.value},
    }
    if wish.reason:
        body["reason_for_customer"] = wish.reason
    if wish.note:
        body["note"] = wish.note
    if left is not None:
        body["remaining"] = {"currency": order.currency, "value": left}
    return body


def _refused(wish: OrderRefund, refusal: Refusal) -> OrderRefund:
    return wish.model_copy(
        update={
            "status": REFUSED,
            "status_at": datetime.now(UTC),
            "code": refusal.result_code or refusal.code,
            "advice": refusal.advice or refusal.result_message,
        }
    )
