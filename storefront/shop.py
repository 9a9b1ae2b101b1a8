"""The parts of the shop, put together once for each process."""

from dataclasses import dataclass

import httpx

from storefront.ordering.carts import Carts
from storefront.ordering.database import PATIENCE_SECONDS, Database
from storefront.ordering.learning import Learning
from storefront.ordering.orders import Orders
from storefront.ordering.paying import Paying
from storefront.ordering.refunding import Refunding
from storefront.payment_api.client import CashierApi
from storefront.settings import StorefrontSettings
from storefront.visits import Cookies
from storefront.wallets import WalletBook


@dataclass(frozen=True)
class Shop:
    """What the pages are made with.

    Attributes:
        refunding: Of the back office; None where there is none.
    """

    settings: StorefrontSettings
    database: Database
    api: CashierApi
    carts: Carts
    orders: Orders
    learning: Learning
    paying: Paying
    refunding: Refunding | None
    wallets: WalletBook
    cookies: Cookies

    @classmethod
    def of(
        cls,
        settings: StorefrontSettings,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> "Shop":
        """Put them together.

        Args:
            settings: Where the API and the database are.
            transport: Carries the calls to the API; None: real HTTP.
            patience: How many seconds a locked database is waited for.
        """
        database = Database(settings.database, patience=patience)
        api = CashierApi(client_of(settings, transport))
        orders, learning = Orders(database), Learning(database)
        return cls(
            settings=settings,
            database=database,
            api=api,
            carts=Carts(database),
            orders=orders,
            learning=learning,
            paying=Paying(settings, api, orders, learning),
            refunding=_refunding(settings, database, transport),
            wallets=WalletBook(api),
            cookies=Cookies(settings),
        )

    async def close(self) -> None:
        """Hang up on the API."""
        await self.api.close()
        if self.refunding:
            await self.refunding.close()


def _refunding(
    settings: StorefrontSettings,
    database: Database,
    transport: httpx.AsyncBaseTransport | None,
) -> Refunding | None:
    key = settings.refund_key
    if key is None:
        return None
    return Refunding(database, CashierApi(client_of(settings, transport, key=key)))


def client_of(
    settings: StorefrontSettings,
    transport: httpx.AsyncBaseTransport | None = None,
    *,
    key: str | None = None,
) -> httpx.AsyncClient:
    """Return what reaches the API; each open result page holds one connection."""
    return httpx.AsyncClient(
        base_url=settings.api_url,
        headers={"Authorization": f"Bearer {key or settings.api_key}"},
        transport=transport,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        # The environment's proxies are for the world outside, and this is the inside.
        trust_env=False,
    )
