"""The parts of the shop, built once for each process."""

from dataclasses import dataclass

import httpx

from storefront.ordering.carts import Carts
from storefront.ordering.database import PATIENCE_SECONDS, Database
from storefront.ordering.orders import Orders
from storefront.ordering.paying import Paying
from storefront.ordering.recording import Recorder
from storefront.ordering.refunding import Refunding
from storefront.payment_api.client import CashierApi
from storefront.settings import StorefrontSettings
from storefront.visits import Cookies
from storefront.wallets import WalletCache


@dataclass(frozen=True)
class Shop:
    """The parts that the pages need.

    Attributes:
        refunding: The back office's refunds; None without a back office.
    """

    settings: StorefrontSettings
    database: Database
    api: CashierApi
    carts: Carts
    orders: Orders
    recorder: Recorder
    paying: Paying
    refunding: Refunding | None
    wallets: WalletCache
    cookies: Cookies

    @classmethod
    def of(
        cls,
        settings: StorefrontSettings,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        patience: float = PATIENCE_SECONDS,
    ) -> "Shop":
        """Build the parts.

        Args:
            settings: The shop's settings.
            transport: Sends the calls to the API; None: real HTTP.
            patience: How long to wait for a locked database, in seconds.
        """
        database = Database(settings.database, patience=patience)
        api = CashierApi(client_of(settings, transport))
        orders, recorder = Orders(database), Recorder(database)
        return cls(
            settings=settings,
            database=database,
            api=api,
            carts=Carts(database),
            orders=orders,
            recorder=recorder,
            paying=Paying(settings, api, orders, recorder),
            refunding=_refunding(settings, database, transport),
            wallets=WalletCache(api),
            cookies=Cookies(settings),
        )

    async def close(self) -> None:
        """Close the connections to the API."""
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
    """Return the HTTP client for the API; each open result page holds a connection."""
    return httpx.AsyncClient(
        base_url=settings.api_url,
        headers={"Authorization": f"Bearer {key or settings.api_key}"},
        transport=transport,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=20),
        # Without the environment's proxies: the API is in the shop's own network.
        trust_env=False,
    )
