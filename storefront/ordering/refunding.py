"""Requests refunds of orders: each is stored before the API is called."""

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

# The API's code for a payment that is no longer retained, after some months.
NOT_KEPT = "UNKNOWN_ORDER"


class Refunding:
    """Requests refunds, with an API key that customers' pages do not use."""

    def __init__(self, database: Database, api: CashierApi) -> None:
        self._database = database
        self._api = api

    async def close(self) -> None:
        await self._api.close()

    async def look(self, order: ShopOrder) -> OrderRefunds | None:
        """Query the refunds of an order, and store them; None if the API knows none.

        Raises:
            AwayError, RefusedError: The API gave no answer.
        """
        answer = await self._api.refunds(order.order_id)
        if answer:
            now = datetime.now(UTC)
            answered = [OrderRefund.from_answer(one, now) for one in answer.refunds]

            def work(db: Connection) -> None:
                for one in answered:
                    keep(db, order.order_id, one)

            await self._database.transact(work)
        return answer

    async def ask(
        self, order: ShopOrder, refund: OrderRefund, left: int | None
    ) -> None:
        """Request a refund; a repeat with the same `refund_id` is the same refund.

        It is stored first, so that a request without an answer can be repeated
        unchanged.

        Args:
            order: The order.
            refund: The amount and the reason.
            left: The refundable rest that the form has shown, in minor units; the API
                refuses the refund if it differs. None for no such check, when a person
                repeats a request without an answer.

        Raises:
            AwayError: It is unknown whether the API received it.
            RefusedError: The API refuses it, and no money is returned. A refusal by
                Alipay, 402, is stored as the result of the refund.
        """
        is_new = await self._store_new(order, refund)
        try:
            answer = await self._send(order, _body(order, refund, left))
        except RefusedError as error:
            if error.status == httpx.codes.PAYMENT_REQUIRED:
                await self._keep(order, _refused(refund, error.refusal))
            elif is_new or left is None:
                # A form that was sent twice may still arrive; a person who repeats a
                # request later has waited for that.
                await self._database.transact(
                    lambda db: forget(db, order.order_id, refund.refund_id)
                )
            raise
        await self._keep(order, OrderRefund.from_answer(answer, datetime.now(UTC)))

    async def _store_new(self, order: ShopOrder, refund: OrderRefund) -> bool:
        """Store a refund unless it exists; return whether it is new."""

        def work(db: Connection) -> bool:
            known = {one.refund_id for one in refunds_in(db, order.order_id)}
            return refund.refund_id not in known and keep(db, order.order_id, refund)

        return await self._database.transact(work)

    async def _keep(self, order: ShopOrder, refund: OrderRefund) -> None:
        await self._database.transact(lambda db: keep(db, order.order_id, refund))

    async def _send(self, order: ShopOrder, body: dict[str, Any]) -> Refund:
        try:
            return await self._api.refund(order.order_id, body)
        except RefusedError as error:
            if error.refusal.code != NOT_KEPT or not order.paid_attempt:
                raise
        named = {**body, "payment_request_id": order.paid_attempt}
        return await self._api.refund(order.order_id, named)


def new_refund(
    refund_id: str, *, value: int, asked_by: str, reason: str, note: str
) -> OrderRefund:
    """Return a refund that a member of our staff requests.

    Args:
        refund_id: Made with the form, so that a double click is one refund.
        value: The amount, in minor units of the order's currency.
        asked_by: The member's name.
        reason: The reason; the customer may see it.
        note: A note for our staff.
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


def _body(order: ShopOrder, refund: OrderRefund, left: int | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "refund_id": refund.refund_id,
        "amount": {"currency": order.currency, "value": refund.value},
    }
    if refund.reason:
        body["reason_for_customer"] = refund.reason
    if refund.note:
        body["note"] = refund.note
    if left is not None:
        body["remaining"] = {"currency": order.currency, "value": left}
    return body


def _refused(refund: OrderRefund, refusal: Refusal) -> OrderRefund:
    return refund.model_copy(
        update={
            "status": REFUSED,
            "status_at": datetime.now(UTC),
            "code": refusal.result_code or refusal.code,
            "advice": refusal.advice or refusal.result_message,
        }
    )
