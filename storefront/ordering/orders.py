"""Orders: each is made from one cart, paid at most once, and fulfilled once."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from sqlite3 import Connection, Row

from pydantic import BaseModel, ConfigDict

from storefront.ordering.carts import cart_of
from storefront.ordering.database import Database
from storefront.ordering.refunds import OrderRefund, refunds_in
from storefront.ordering.reviews import Review, reviews_in
from storefront.words import Words

# Without letters and digits that people confuse.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class Line(BaseModel):
    """One article of an order, as it was sold."""

    product: str
    name: str
    quantity: int
    unit_value: int


class Notice(BaseModel):
    """A refusal of the API for the order's page: its code, and the end of display."""

    code: str
    wallet: str = ""
    until: datetime


class ShopOrder(BaseModel):
    """An order as stored by the shop; see the comments in database.py.

    Attributes:
        reviews: The open reviews that callbacks have reported.
        refunds: The refunds, the oldest first.
    """

    model_config = ConfigDict(frozen=True)

    token: str
    order_id: str
    ordered_at: datetime
    market: str
    language: str
    currency: str
    value: int
    lines: tuple[Line, ...]
    wallet: str
    notice: Notice | None
    status: str
    status_at: datetime | None
    paid_attempt: str | None
    fulfilled_at: datetime | None
    reviews: tuple[Review, ...]
    refunds: tuple[OrderRefund, ...]


class CartChangedError(Exception):
    """The cart differs from the one that the customer agreed to buy."""


class Orders:
    """The orders of all customers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, token: str) -> ShopOrder | None:
        return await self._database.read(
            lambda db: _order(db, "select * from orders where token = ?", token)
        )

    async def find_by_number(self, order_id: str) -> ShopOrder | None:
        """Return the order with this id, the one for customers and the API."""
        return await self._database.read(
            lambda db: _order(db, "select * from orders where order_id = ?", order_id)
        )

    async def newest(
        self, most: int, *, before: str = ""
    ) -> tuple[list[ShopOrder], str]:
        """Return orders, the newest first, and the number of the last if more follow.

        Args:
            most: The largest number of orders.
            before: The id of the order after which to continue; empty for the first.
        """

        def work(db: Connection) -> list[ShopOrder]:
            older = "where rowid < (select rowid from orders where order_id = ?)"
            rows = db.execute(
                f"select * from orders {older if before else ''}"  # noqa: S608 - ours
                " order by rowid desc limit ?",
                (*([before] if before else []), most + 1),
            )
            return [_order_of(db, row) for row in rows]

        found = await self._database.read(work)
        return found[:most], found[most - 1].order_id if len(found) > most else ""

    async def place(
        self, cart: str, wallet: str, words: Words, *, seen_total: int
    ) -> ShopOrder:
        """Return the order of a cart: a new one, or the existing one.

        Args:
            cart: The cart's token; two tabs, a double click and the back button
                lead to one order.
            wallet: The wallet that the customer has chosen.
            words: The customer's language and market.
            seen_total: The total that the customer saw, in minor units.

        Raises:
            CartChangedError: The total has changed, or the cart does not exist.
        """

        def work(db: Connection) -> ShopOrder:
            before = _order(db, "select * from orders where cart = ?", cart)
            if before:
                return before
            lines = _lines(db, cart, words)
            total = sum(line.unit_value * line.quantity for line in lines)
            if not lines or total != seen_total:
                raise CartChangedError
            token = secrets.token_urlsafe(24)
            _insert(db, token, cart, wallet, words, lines, total)
            db.execute("delete from carts where token = ?", (cart,))
            return _found(db, token)

        return await self._database.transact(work)

    async def choose_wallet(self, order: ShopOrder, wallet: str) -> None:
        """Store the customer's choice of a wallet, and clear old refusals."""
        await self._database.transact(
            lambda db: db.execute(
                "update orders set wallet = ?, notice = null where token = ?",
                (wallet, order.token),
            )
        )

    async def note(self, order: ShopOrder, notice: Notice) -> None:
        """Store a refusal of the API for the order's page."""
        await self._database.transact(
            lambda db: db.execute(
                "update orders set notice = ? where token = ?",
                (notice.model_dump_json(), order.token),
            )
        )

    async def callbacks_of(self, order: ShopOrder) -> list[dict[str, str | None]]:
        """Return the callbacks of an order, the oldest first."""
        rows = await self._database.read(
            lambda db: db.execute(
                "select * from callbacks where order_id = ? order by received_at",
                (order.order_id,),
            ).fetchall()
        )
        return [dict(row) for row in rows]


def _order(db: Connection, query: str, key: str) -> ShopOrder | None:
    row: Row | None = db.execute(query, (key,)).fetchone()
    if row is None:
        return None
    return _order_of(db, row)


def _order_of(db: Connection, row: Row) -> ShopOrder:
    values = {
        **dict(row),
        "reviews": reviews_in(db, row),
        "refunds": refunds_in(db, row["order_id"]),
    }
    for name in ("lines", "notice"):
        values[name] = json.loads(values[name]) if values[name] else None
    return ShopOrder.model_validate(values)


def _found(db: Connection, token: str) -> ShopOrder:
    order = _order(db, "select * from orders where token = ?", token)
    if order is None:
        raise LookupError("the order was inserted in this very transaction")
    return order


def _lines(db: Connection, cart: str, words: Words) -> list[Line]:
    return [
        Line(
            product=product.id,
            name=words(f"product.{product.id}.name"),
            quantity=number,
            unit_value=product.prices[words.market.currency],
        )
        for product, number in cart_of(db, cart).articles
    ]


def _insert(
    db: Connection,
    token: str,
    cart: str,
    wallet: str,
    words: Words,
    lines: Sequence[Line],
    total: int,
) -> None:
    db.execute(
        "insert into orders (token, order_id, cart, ordered_at, market, language,"
        " currency, value, lines, wallet, status)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'NEW')",
        (
            token,
            f"coffee-{''.join(secrets.choice(ALPHABET) for _ in range(10))}",
            cart,
            datetime.now(UTC).isoformat(),
            words.market.code,
            words.language,
            words.market.currency,
            total,
            json.dumps([line.model_dump() for line in lines]),
            wallet,
        ),
    )
