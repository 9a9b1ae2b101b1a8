"""What the shop learns of a payment, by callback or by asking, and what it changes."""

import logging
from datetime import UTC, datetime
from enum import StrEnum
from sqlite3 import Connection, Row

from storefront.ordering.database import Database
from storefront.ordering.refunds import OrderRefund, keep
from storefront.ordering.reviews import Heard, reviews_in
from storefront.payment_api.answers import PaymentState
from storefront.payment_api.outcomes import (
    DELIVERED,
    KNOWN_TYPES,
    REVIEWS,
    STATUS_OF,
    Outcome,
)
from storefront.payment_api.refunds import STATUS_OF as REFUND_STATUS_OF

log = logging.getLogger(__name__)


class Effect(StrEnum):
    """What something that was learnt has changed."""

    FULFILLED = "FULFILLED"
    STATUS = "STATUS"
    REVIEW = "REVIEW"
    REFUND = "REFUND"
    NO_NEWS = "NO_NEWS"  # known already, or older than what is known
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"


class Learning:
    """Writes outcomes into the orders: each once, and never an older over a newer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hear(self, webhook_id: str, told: Outcome) -> None:
        """Keep a callback and what it changes, together; a repeat changes nothing."""

        def work(db: Connection) -> Effect | None:
            if db.execute(
                "select 1 from callbacks where webhook_id = ?", (webhook_id,)
            ).fetchone():
                return None
            effect = _apply(db, told)
            db.execute(
                "insert into callbacks (webhook_id, order_id, type,"
                " payment_request_id, outcome, occurred_at, received_at, effect,"
                " review) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    webhook_id,
                    told.order_id,
                    told.type,
                    told.payment_request_id,
                    told.outcome,
                    _text(told.occurred_at),
                    _text(datetime.now(UTC)),
                    effect,
                    told.review,
                ),
            )
            return effect

        _tell(await self._database.transact(work), told, "callback")

    async def see(self, order_id: str, state: PaymentState) -> None:
        """Keep what the API's answer makes certain, if that is news."""
        told = _outcomes_in(order_id, state)
        # Pages ask often, and hardly ever hear news: nobody shall wait for a writer.
        is_news = await self._database.read(
            lambda db: any(_is_news_here(db, one) for one in told)
        )
        if not is_news:
            return
        effects = await self._database.transact(
            lambda db: [(one, _apply(db, one)) for one in told]
        )
        for one, effect in effects:
            _tell(effect, one, "answer")


def _outcomes_in(order_id: str, state: PaymentState) -> list[Outcome]:
    """Return the payment's outcome, and late money that was kept.

    The times of other late money are not in the answer, so it waits for the callback.
    """

    def outcome(kind: str, result: str, attempt: str) -> Outcome:
        return Outcome(
            type=f"{kind}.{result.lower()}",
            occurred_at=state.closed_at or datetime.now(UTC),
            order_id=order_id,
            payment_request_id=attempt,
            amount=state.amount,
            outcome=result,
        )

    found = [
        outcome("late_payment", "HONOURED", late.payment_request_id)
        for late in state.late_money
        if late.outcome == "HONOURED"
    ]
    if state.outcome:
        paid = (one for one in reversed(state.attempts) if one.is_paid)
        attempt = next(paid, state.newest)
        found.append(outcome("payment", state.outcome, attempt.payment_request_id))
    return found


def _apply(db: Connection, told: Outcome) -> Effect:
    if told.type not in KNOWN_TYPES:
        return Effect.UNKNOWN_TYPE
    row = _row(db, told)
    if row is None:
        return Effect.UNKNOWN_ORDER
    # Before the amount is compared: a review delivers nothing, and another amount may
    # be just what it is about.
    if told.type in REVIEWS:
        return Effect.REVIEW if _changes_reviews(db, row, told) else Effect.NO_NEWS
    if told.type in REFUND_STATUS_OF:
        return _apply_refund(db, row, told)
    if (told.amount.currency, told.amount.value) != (row["currency"], row["value"]):
        return Effect.AMOUNT_DIFFERS
    if not _is_news(row, told):
        return Effect.NO_NEWS
    db.execute(
        "update orders set status = ?, status_at = ? where order_id = ?",
        (STATUS_OF[told.type], _text(told.occurred_at), told.order_id),
    )
    if told.type not in DELIVERED:
        return Effect.STATUS
    # Once: such an order is not changed any more, so nobody comes here again.
    db.execute(
        "update orders set paid_attempt = ?, fulfilled_at = ? where order_id = ?",
        (told.payment_request_id, _text(datetime.now(UTC)), told.order_id),
    )
    return Effect.FULFILLED


def _apply_refund(db: Connection, order: Row, told: Outcome) -> Effect:
    """Keep what became of a refund; the order's status and its goods stay as they are.

    A part of the order's amount at most goes back, in its currency.
    """
    is_sound = 0 < told.amount.value <= order["value"]
    if told.amount.currency != order["currency"] or not is_sound:
        return Effect.AMOUNT_DIFFERS
    is_news = keep(db, told.order_id, OrderRefund.told_by(told))
    return Effect.REFUND if is_news else Effect.NO_NEWS


def _changes_reviews(db: Connection, order: Row, told: Outcome) -> bool:
    also = Heard.model_validate(told.model_dump())
    return reviews_in(db, order, also=also) != reviews_in(db, order)


def _is_news(row: Row, told: Outcome) -> bool:
    if row["fulfilled_at"] or STATUS_OF.get(told.type) is None:
        return False
    if told.type in DELIVERED:
        return True
    return row["status_at"] is None or _text(told.occurred_at) > row["status_at"]


def _is_news_here(db: Connection, told: Outcome) -> bool:
    row = _row(db, told)
    return row is not None and _is_news(row, told)


def _row(db: Connection, told: Outcome) -> Row | None:
    found: Row | None = db.execute(
        "select * from orders where order_id = ?", (told.order_id,)
    ).fetchone()
    return found


def _text(moment: datetime) -> str:
    """Write a time so that the order of the texts is the order of the times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _tell(effect: Effect | None, told: Outcome, source: str) -> None:
    fields = {
        "order_id": told.order_id,
        "payment_request_id": told.payment_request_id,
        "type": told.type,
        "outcome": told.outcome,
        "source": source,
    }
    match effect:
        case Effect.FULFILLED:
            log.info("order fulfilled", extra=fields)
        case Effect.STATUS:
            log.info("order ended unpaid", extra=fields)
        case Effect.REVIEW:
            log.warning("order waits for a person's decision", extra=fields)
        case Effect.REFUND:
            log.info("refund of an order has changed", extra=fields)
        case Effect.UNKNOWN_TYPE:
            log.warning("callback of a type that this shop does not know", extra=fields)
        case Effect.UNKNOWN_ORDER:
            log.warning("payment of an order that is not ours", extra=fields)
        case Effect.AMOUNT_DIFFERS:
            log.error("payment over another amount than the order", extra=fields)
