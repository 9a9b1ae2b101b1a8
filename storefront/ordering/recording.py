"""Records the outcomes that callbacks and the API's answers report, in the orders."""

import logging
from datetime import UTC, datetime
from enum import StrEnum
from sqlite3 import Connection, Row

from storefront.ordering.database import Database
from storefront.ordering.refunds import OrderRefund, keep
from storefront.ordering.reviews import ReceivedCallback, reviews_in
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
    """The change of an order by an outcome."""

    FULFILLED = "FULFILLED"
    STATUS = "STATUS"
    REVIEW = "REVIEW"
    REFUND = "REFUND"
    NO_NEWS = "NO_NEWS"  # known already, or older than the known status
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    UNKNOWN_TYPE = "UNKNOWN_TYPE"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"


class Recorder:
    """Writes outcomes into the orders: each once, and none over a newer one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record_callback(self, webhook_id: str, outcome: Outcome) -> None:
        """Store a callback and its effect together; a repeat changes nothing."""

        def work(db: Connection) -> Effect | None:
            if db.execute(
                "select 1 from callbacks where webhook_id = ?", (webhook_id,)
            ).fetchone():
                return None
            effect = _apply(db, outcome)
            db.execute(
                "insert into callbacks (webhook_id, order_id, type,"
                " payment_request_id, outcome, occurred_at, received_at, effect,"
                " review) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    webhook_id,
                    outcome.order_id,
                    outcome.type,
                    outcome.payment_request_id,
                    outcome.outcome,
                    _text(outcome.occurred_at),
                    _text(datetime.now(UTC)),
                    effect,
                    outcome.review,
                ),
            )
            return effect

        _log_effect(await self._database.transact(work), outcome, "callback")

    async def record_answer(self, order_id: str, state: PaymentState) -> None:
        """Store the outcomes in the API's answer, if they are new."""
        outcomes = _outcomes_in(order_id, state)
        # Pages poll often, and rarely get news: so they only lock for writing then.
        is_news = await self._database.read(
            lambda db: any(_is_news_here(db, one) for one in outcomes)
        )
        if not is_news:
            return
        effects = await self._database.transact(
            lambda db: [(one, _apply(db, one)) for one in outcomes]
        )
        for one, effect in effects:
            _log_effect(effect, one, "answer")


def _outcomes_in(order_id: str, state: PaymentState) -> list[Outcome]:
    """Return the payment's outcome, and late money that was kept.

    The answer lacks the times of other late money, which only callbacks report.
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


def _apply(db: Connection, outcome: Outcome) -> Effect:
    if outcome.type not in KNOWN_TYPES:
        return Effect.UNKNOWN_TYPE
    row = _row(db, outcome)
    if row is None:
        return Effect.UNKNOWN_ORDER
    # Before the amounts are compared: a review delivers nothing, and a different
    # amount may be its reason.
    if outcome.type in REVIEWS:
        return Effect.REVIEW if _changes_reviews(db, row, outcome) else Effect.NO_NEWS
    if outcome.type in REFUND_STATUS_OF:
        return _apply_refund(db, row, outcome)
    if (outcome.amount.currency, outcome.amount.value) != (
        row["currency"],
        row["value"],
    ):
        return Effect.AMOUNT_DIFFERS
    if not _is_news(row, outcome):
        return Effect.NO_NEWS
    db.execute(
        "update orders set status = ?, status_at = ? where order_id = ?",
        (STATUS_OF[outcome.type], _text(outcome.occurred_at), outcome.order_id),
    )
    if outcome.type not in DELIVERED:
        return Effect.STATUS
    # Only once: later outcomes do not change a fulfilled order.
    db.execute(
        "update orders set paid_attempt = ?, fulfilled_at = ? where order_id = ?",
        (outcome.payment_request_id, _text(datetime.now(UTC)), outcome.order_id),
    )
    return Effect.FULFILLED


def _apply_refund(db: Connection, order: Row, outcome: Outcome) -> Effect:
    """Store the status of a refund; the order's status and its goods do not change.

    A refund is in the order's currency, and at most its amount.
    """
    is_sound = 0 < outcome.amount.value <= order["value"]
    if outcome.amount.currency != order["currency"] or not is_sound:
        return Effect.AMOUNT_DIFFERS
    is_news = keep(db, outcome.order_id, OrderRefund.from_callback(outcome))
    return Effect.REFUND if is_news else Effect.NO_NEWS


def _changes_reviews(db: Connection, order: Row, outcome: Outcome) -> bool:
    also = ReceivedCallback.model_validate(outcome.model_dump())
    return reviews_in(db, order, also=also) != reviews_in(db, order)


def _is_news(row: Row, outcome: Outcome) -> bool:
    if row["fulfilled_at"] or STATUS_OF.get(outcome.type) is None:
        return False
    if outcome.type in DELIVERED:
        return True
    return row["status_at"] is None or _text(outcome.occurred_at) > row["status_at"]


def _is_news_here(db: Connection, outcome: Outcome) -> bool:
    row = _row(db, outcome)
    return row is not None and _is_news(row, outcome)


def _row(db: Connection, outcome: Outcome) -> Row | None:
    found: Row | None = db.execute(
        "select * from orders where order_id = ?", (outcome.order_id,)
    ).fetchone()
    return found


def _text(moment: datetime) -> str:
    """Write a time as text that sorts by time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _log_effect(effect: Effect | None, outcome: Outcome, source: str) -> None:
    fields = {
        "order_id": outcome.order_id,
        "payment_request_id": outcome.payment_request_id,
        "type": outcome.type,
        "outcome": outcome.outcome,
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
            log.warning("callback of an unknown type", extra=fields)
        case Effect.UNKNOWN_ORDER:
            log.warning("callback of an unknown order", extra=fields)
        case Effect.AMOUNT_DIFFERS:
            log.error("amount of the payment differs from the order's", extra=fields)
