"""An order's status for one visitor: what is known, in words, with what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from storefront.catalog import CATALOG
from storefront.ordering.orders import ShopOrder
from storefront.ordering.standing import Kind, Standing, standing_of
from storefront.pages.rendering import fragment
from storefront.payment_api.answers import PaymentState, Wallet
from storefront.payment_api.client import AwayError, RefusedError
from storefront.shop import Shop
from storefront.visits import Visit
from storefront.wallets import Offer, WalletsAwayError, offers_of

# After these a wallet that lets go may be left for another one.
MAY_LEAVE = (Kind.WAITING,)


@dataclass(frozen=True)
class Status:
    """What an order's page shows, besides the order itself.

    Attributes:
        standing: How the order stands.
        names: The wallets' names, by their codes.
        may_cancel: Whether its payment can be cancelled right now.
        offers: Wallets for another attempt; none where that is not possible now.
        seconds_left: Until the payment expires.
        paid_at: The time of the payment, where it can be read.
    """

    standing: Standing
    names: Mapping[str, str]
    may_cancel: bool
    offers: Sequence[Offer]
    seconds_left: int
    paid_at: datetime | None

    def name_of(self, code: str) -> str:
        """Return a wallet's name for people; its code while the API tells none."""
        return self.names.get(code, code)


async def status_of(shop: Shop, order: ShopOrder, visit: Visit) -> Status:
    """Ask the API how an order stands, and keep what is certain."""
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
    """Return the status of an order of which the API has said this."""
    if state:
        await shop.learning.see(order.order_id, state)
    # Anew: a callback, or this very answer, may have changed it.
    order = await shop.orders.find(order.token) or order
    now = datetime.now(UTC)
    standing = standing_of(order, state, now, is_away=is_away)
    wallets = await _wallets(shop, order, visit)
    current = next((one for one in wallets if one.code == standing.wallet), None)
    lets_go = standing.kind in MAY_LEAVE and current is not None and current.may_cancel
    others = [one for one in wallets if one is not current] if lets_go else wallets
    offers = (
        offers_of(others, order.value, visit.words, shop.settings.expires_in_minutes)
        if lets_go or standing.may_pay_again
        else []
    )
    expires = standing.expires_at
    return Status(
        standing=standing,
        names={one.code: one.name for one in wallets},
        may_cancel=lets_go,
        offers=offers,
        seconds_left=max(0, int((expires - now).total_seconds())) if expires else 0,
        paid_at=_moment(standing.paid_at),
    )


def fragment_of(order: ShopOrder, visit: Visit, status: Status) -> str:
    """Return the part of the page that changes while the customer looks at it."""
    return fragment("status.html", visit, order=order, status=status)


async def _wallets(shop: Shop, order: ShopOrder, visit: Visit) -> Sequence[Wallet]:
    currency = CATALOG.market(order.market).currency
    try:
        return await shop.wallets.of(currency, visit.device.terminal)
    except WalletsAwayError:
        return ()


def _moment(text: str | None) -> datetime | None:
    """Read a time of Alipay's, which is only shown: what cannot be read is left out."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.utcoffset() is not None else None
