"""Has an order paid with a wallet: one call, and what each of its answers means."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from storefront.ordering.learning import Learning
from storefront.ordering.orders import Notice, Orders, ShopOrder
from storefront.ordering.standing import usable
from storefront.payment_api.answers import Wallet
from storefront.payment_api.client import AwayError, CashierApi, RefusedError
from storefront.settings import StorefrontSettings
from storefront.wallets import Device, minutes_to_pay

# How long a refusal without a time of its own is told; then it is no news any more.
NOTICE_FOR = timedelta(minutes=5)
# Said better by the payment's own state, which the order's page asks for anyway.
SAID_BY_STATE = ("REFUSED", "UNDER_REVIEW", "PAID_LATE", "LATE_MONEY")
LONGEST_DESCRIPTION = 256


class Paying:
    """Opens and closes the payments of orders."""

    def __init__(
        self,
        settings: StorefrontSettings,
        api: CashierApi,
        orders: Orders,
        learning: Learning,
    ) -> None:
        self._settings = settings
        self._api = api
        self._orders = orders
        self._learning = learning

    async def begin(
        self, order: ShopOrder, wallet: Wallet | str, device: Device
    ) -> str:
        """Have an order paid; return where to send the customer.

        That is the wallet's page, or else the order's, which says how it stands: also
        where nobody knows, for trying again is safe.

        Args:
            order: Written down already: from now on it may be paid.
            wallet: With its rules, or the code alone where they cannot be known.
            device: The customer's.
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
        """Have a payment closed; the order's page says what became of it."""
        try:
            state = await self._api.cancel(order.order_id)
        except RefusedError as error:
            await self._note(order, error, order.wallet)
        except AwayError:
            # The wish may have been heard; the page asks, and offers the button again.
            return
        else:
            await self._learning.see(order.order_id, state)

    async def refresh(self, order: ShopOrder) -> None:
        """Have the wallet's side asked, so that a lost message costs only seconds."""
        try:
            state = await self._api.state(order.order_id, refresh=True)
        except (AwayError, RefusedError):
            return
        if state:
            await self._learning.see(order.order_id, state)

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
    """Whether a form's answer may lead there: a browser opens apps by a link only."""
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
