"""An order's status for one visitor, with the actions that are possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storefront.catalog import CATALOG
from storefront.ordering.order_status import Kind, OrderStatus, order_status_of
from storefront.ordering.orders import ShopOrder
from storefront.pages.rendering import fragment
from storefront.payment_api.answers import PaymentState, Wallet
from storefront.payment_api.client import AwayError, RefusedError
from storefront.shop import Shop
from storefront.visits import Visit
from storefront.wallets import Offer, WalletsAwayError, offers_of

# With these the customer may change to another wallet, if the payment can be cancelled.
MAY_LEAVE = (Kind.WAITING,)


@dataclass(frozen=True)
class Status:
    """The contents of an order's page, besides the order itself.

    Attributes:
        order_status: The status of the order.
        names: The wallets' names, by their codes.
        may_cancel: Whether its payment can be cancelled right now.
        offers: Wallets for another attempt; none if that is not possible now.
        seconds_left: The time until the payment expires.
        paid_at: The time of the payment, if it can be read.
    """

    order_status: OrderStatus
    names: Mapping[str, str]
    may_cancel: bool
    offers: Sequence[Offer]
    seconds_left: int
    paid_at: datetime | None

    def name_of(self, code: str) -> str:
        """Return a wallet's name; its code while the list is unavailable."""
        return self.names.get(code, code)


async def status_of(shop: Shop, order: ShopOrder, visit: Visit) -> Status:
    """Query the API for an order's payment, and store its outcome."""
    state, is_away = None, False
    try:
        state = await shop.api.state(order.order_id)
    except (AwayError, RefusedError):
        is_away = True
    return await status_with(shop, order, visit, state, is_away=is_away)


async def status_with(
    shop: Shop,
    order: ShopOrder,
    visit: Visit,
    state: PaymentState | None,
    *,
    is_away: bool = False,
) -> Status:
    """Return the status of an order by the API's answer."""
    if state:
        await shop.recorder.record_answer(order.order_id, state)
    # Read again: a callback or this answer may have changed it.
    order = await shop.orders.find(order.token) or order
    now = datetime.now(UTC)
    order_status = order_status_of(order, state, now, is_away=is_away)
    wallets = await _wallets(shop, order, visit)
    current = next((one for one in wallets if one.code == order_status.wallet), None)
    may_cancel = (
        order_status.kind in MAY_LEAVE and current is not None and current.may_cancel
    )
    others = [one for one in wallets if one is not current] if may_cancel else wallets
    offers = (
        offers_of(others, order.value, visit.words, shop.settings.expires_in_minutes)
        if may_cancel or order_status.may_pay_again
        else []
    )
    expires = order_status.expires_at
    return Status(
        order_status=order_status,
        names={one.code: one.name for one in wallets},
        may_cancel=may_cancel,
        offers=offers,
        seconds_left=max(0, int((expires - now).total_seconds())) if expires else 0,
        paid_at=_moment(order_status.paid_at),
    )


def fragment_of(order: ShopOrder, visit: Visit, status: Status) -> str:
    """Render the part of the page that events update."""
    return fragment("status.html", visit, order=order, status=status)


async def _wallets(shop: Shop, order: ShopOrder, visit: Visit) -> Sequence[Wallet]:
    currency = CATALOG.market(order.market).currency
    try:
        return await shop.wallets.of(currency, visit.device.terminal)
    except WalletsAwayError:
        return ()


def _moment(text: str | None) -> datetime | None:
    """Read a time of Alipay's for display; None if it cannot be read."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.utcoffset() is not None else None
