"""Starts and cancels the payment of an order, and handles each answer of the API."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from storefront.ordering.order_status import usable
from storefront.ordering.orders import Notice, Orders, ShopOrder
from storefront.ordering.recording import Recorder
from storefront.payment_api.answers import Wallet
from storefront.payment_api.client import AwayError, CashierApi, RefusedError
from storefront.settings import StorefrontSettings
from storefront.wallets import Device, minutes_to_pay

# How long a refusal without a time of its own is shown.
NOTICE_FOR = timedelta(minutes=5)
# Refusals that are not stored: the payment's state, which the page requests, says more.
SAID_BY_STATE = ("REFUSED", "UNDER_REVIEW", "PAID_LATE", "LATE_MONEY")
LONGEST_DESCRIPTION = 256


class Paying:
    """Starts and cancels the payments of orders."""

    def __init__(
        self,
        settings: StorefrontSettings,
        api: CashierApi,
        orders: Orders,
        recorder: Recorder,
    ) -> None:
        self._settings = settings
        self._api = api
        self._orders = orders
        self._recorder = recorder

    async def begin(
        self, order: ShopOrder, wallet: Wallet | str, device: Device
    ) -> str:
        """Start the payment of an order; return the URL for the customer's browser.

        That is the wallet's page, or else the order's page, which shows the status,
        also an unknown one: trying again is safe.

        Args:
            order: The stored order.
            wallet: The wallet with its rules, or its code if they are unavailable.
            device: The customer's device.
        """
        code = wallet if isinstance(wallet, str) else wallet.code
        await self._orders.choose_wallet(order, code)
        try:
            opened = await self._api.open(self._body(order, wallet, device))
        except RefusedError as error:
            if error.refusal.code not in SAID_BY_STATE:
                await self._note(order, error, code)
            return page_of(order)
        except AwayError as error:
            if error.retry_after is not None:
                until = datetime.now(UTC) + timedelta(seconds=error.retry_after)
                notice = Notice(code="BUSY", wallet=code, until=until)
                await self._orders.note(order, notice)
            return page_of(order)
        if opened.outcome is None and opened.cashier and _is_page(opened.cashier.url):
            return opened.cashier.url
        return page_of(order)

    async def cancel(self, order: ShopOrder) -> None:
        """Cancel a payment; the order's page shows the result."""
        try:
            state = await self._api.cancel(order.order_id)
        except RefusedError as error:
            await self._note(order, error, order.wallet)
        except AwayError:
            # The API may have received it; the page polls, and offers the button again.
            return
        else:
            await self._recorder.record_answer(order.order_id, state)

    async def refresh(self, order: ShopOrder) -> None:
        """Let the API query Alipay, so that a lost notification costs only seconds."""
        try:
            state = await self._api.state(order.order_id, refresh=True)
        except (AwayError, RefusedError):
            return
        if state:
            await self._recorder.record_answer(order.order_id, state)

    async def _note(self, order: ShopOrder, error: RefusedError, wallet: str) -> None:
        until = error.refusal.available_at or datetime.now(UTC) + NOTICE_FOR
        notice = Notice(code=error.refusal.code, wallet=wallet, until=until)
        await self._orders.note(order, notice)

    def _body(
        self, order: ShopOrder, wallet: Wallet | str, device: Device
    ) -> Mapping[str, Any]:
        wanted = self._settings.expires_in_minutes
        body: dict[str, Any] = {
            "order_id": order.order_id,
            "amount": {"currency": order.currency, "value": order.value},
            "wallet": wallet if isinstance(wallet, str) else wallet.code,
            "description": _description(order),
            "redirect_url": f"{self._settings.base_url}{page_of(order)}/return",
            "terminal": {"type": device.terminal}
            | ({"os": device.os} if device.os else {}),
            "goods": _goods(order),
        }
        if wanted is not None and not isinstance(wallet, str):
            wanted = minutes_to_pay(wallet, wanted)
        if wanted is not None:
            body["expires_in_minutes"] = wanted
        return body


def page_of(order: ShopOrder) -> str:
    """Return the path of an order's page."""
    return f"/orders/{order.token}"


def _is_page(url: str) -> bool:
    """Whether a form may redirect there: browsers open apps only by a link."""
    return bool(usable(url)) and urlsplit(url).scheme in ("http", "https")


def _description(order: ShopOrder) -> str:
    articles = (f"{line.quantity} x {line.name}" for line in order.lines)
    return f"Durable Coffee: {', '.join(articles)}"[:LONGEST_DESCRIPTION]


def _goods(order: ShopOrder) -> list[Mapping[str, Any]]:
    return [
        {
            "id": line.product,
            "name": line.name,
            "quantity": line.quantity,
            "unit_amount": {"currency": order.currency, "value": line.unit_value},
            "delivery": "PHYSICAL",
        }
        for line in order.lines
    ]
