"""Carts: the products a customer has chosen, until they become an order."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection

from storefront.catalog import CATALOG, Market, Product
from storefront.ordering.database import Database

# The largest quantity of one product.
MOST_OF_ONE = 20
# Older carts are deleted.
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Cart:
    """A customer's products and quantities; without a token until the first change."""

    token: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def articles(self) -> list[tuple[Product, int]]:
        """The products and quantities, in the order in which they were added."""
        found = ((CATALOG.product(one), number) for one, number in self.lines.items())
        return [(product, number) for product, number in found if product]

    @property
    def count(self) -> int:
        return sum(number for _, number in self.articles)

    def total(self, market: Market) -> int:
        """Return the price in a market, in minor units."""
        return sum(
            product.prices[market.currency] * number
            for product, number in self.articles
        )


class Carts:
    """The carts of all customers, found by an unguessable token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, token: str) -> Cart:
        """Return the cart with this token, or an empty one."""
        return await self._database.read(lambda db: cart_of(db, token))

    async def change(
        self, token: str, product: Product, *, quantity: int | None = None
    ) -> Cart:
        """Set the quantity of a product; without a number add one.

        A cart that became an order no longer exists, and is not recreated: a change
        then begins a new cart.
        """

        def work(db: Connection) -> Cart:
            cart = cart_of(db, token)
            lines = dict(cart.lines)
            wanted = lines.get(product.id, 0) + 1 if quantity is None else quantity
            lines[product.id] = max(0, min(wanted, MOST_OF_ONE))
            lines = {one: number for one, number in lines.items() if number}
            changed = Cart(cart.token or secrets.token_urlsafe(24), lines)
            now = datetime.now(UTC)
            db.execute(
                "insert into carts values (?, ?, ?) on conflict (token) do update"
                " set lines = excluded.lines, changed_at = excluded.changed_at",
                (changed.token, json.dumps(lines), now.isoformat()),
            )
            db.execute(
                "delete from carts where changed_at < ?",
                ((now - KEPT_FOR).isoformat(),),
            )
            return changed

        return await self._database.transact(work)


def cart_of(db: Connection, token: str) -> Cart:
    row = db.execute("select lines from carts where token = ?", (token,)).fetchone()
    return Cart(token, json.loads(row["lines"])) if row else Cart()
