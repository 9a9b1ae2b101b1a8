"""The refunds of an order, as our staff requested them and as the API reports them.

The status of a refund only moves forward, so that callbacks and answers may arrive in
any order, and more than once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from storefront.payment_api.answers import RefundsInBrief
from storefront.payment_api.outcomes import Outcome
from storefront.payment_api.refunds import (
    GIVES_NOTHING,
    REFUSED,
    RETURNED,
    STATUS_OF,
    SUCCEEDED,
    UNDER_WAY,
    Refund,
)

# Stored before the API is called, and without an answer since.
ASKED: Final = "ASKED"
# A status may change only to one of the same or a higher rank; all statuses of refunds
# under way, also those of a newer API, have the same. A success is above a refusal:
# money that was returned stays returned.
_RANK: Final = {ASKED: 0, REFUSED: 2, SUCCEEDED: 3, RETURNED: 4}
_RANK_UNDER_WAY: Final = 1


class OrderRefund(BaseModel):
    """A refund as stored by the shop; see the comments in database.py."""

    model_config = ConfigDict(frozen=True)

    refund_id: str
    value: int
    status: str
    status_at: datetime
    asked_by: str = ""
    asked_at: datetime | None = None
    reason: str = ""
    note: str = ""
    code: str | None = None
    advice: str | None = None
    waits_for: str | None = None

    @classmethod
    def from_callback(cls, callback: Outcome) -> Self:
        """Return the refund of a callback, which does not name who requested it."""
        return cls(
            refund_id=callback.refund.refund_id if callback.refund else "",
            value=callback.amount.value,
            status=STATUS_OF[callback.type],
            status_at=callback.occurred_at,
            code=callback.result_code,
        )

    @classmethod
    def from_answer(cls, refund: Refund, now: datetime) -> Self:
        """Return the refund of an API's answer."""
        return cls(
            refund_id=refund.refund_id,
            value=refund.amount.value,
            status=refund.status,
            status_at=refund.ended_at or now,
            asked_by=refund.by,
            asked_at=refund.asked_at,
            reason=refund.reason_for_customer,
            note=refund.note,
            code=refund.result_code,
            advice=refund.advice,
            waits_for=refund.waits_for,
        )

    def after(self, before: "OrderRefund") -> "OrderRefund":
        """Return this refund merged with the one stored before.

        The name of who requested it and the reason stay as first stored.
        """
        is_older = (_rank(self), self.status_at) < (_rank(before), before.status_at)
        newest, older = (before, self) if is_older else (self, before)
        return newest.model_copy(
            update={
                "asked_by": before.asked_by or self.asked_by,
                "asked_at": before.asked_at or self.asked_at,
                "reason": before.reason or self.reason,
                "note": before.note or self.note,
                # A callback has no advice; an earlier answer may have had some.
                "advice": newest.advice
                or (older.advice if older.status == newest.status else None),
            }
        )


def _rank(refund: OrderRefund) -> int:
    return _RANK.get(refund.status, _RANK_UNDER_WAY)


@dataclass(frozen=True)
class Refunded:
    """The refunded amounts of an order, in minor units, for its customer's page.

    Attributes:
        given_back: The sum of successful refunds.
        under_way: The sum of refunds in process.
        returned: The sum of refunds whose money came back after they had succeeded.
        reasons: The reasons of successful refunds, for the customer.
    """

    given_back: int = 0
    under_way: int = 0
    returned: int = 0
    reasons: tuple[str, ...] = ()


def refunded_of(
    known: Iterable[OrderRefund], answer: RefundsInBrief | None = None
) -> Refunded:
    """Return the refunded amounts of an order.

    Args:
        known: The order's refunds as stored by the shop.
        answer: The API's answer. It may be older than a callback, and then changes
            nothing; and it may include refunds from outside the API.
    """
    refunds = list(known)
    elsewhere = 0
    if answer:
        refunds = _joined(refunds, answer)
        elsewhere = answer.given_back.value - sum(
            one.amount.value for one in answer.refunds if one.status == SUCCEEDED
        )

    def summed(*statuses: str) -> int:
        return sum(one.value for one in refunds if one.status in statuses)

    return Refunded(
        given_back=summed(SUCCEEDED) + max(0, elsewhere),
        under_way=summed(*UNDER_WAY),
        returned=summed(RETURNED),
        reasons=tuple(
            one.reason for one in refunds if one.status == SUCCEEDED and one.reason
        ),
    )


def _joined(known: Iterable[OrderRefund], answer: RefundsInBrief) -> list[OrderRefund]:
    """Return the stored refunds merged with those of the API's answer."""
    refunds = {one.refund_id: one for one in known}
    for one in answer.refunds:
        answered = OrderRefund(
            refund_id=one.refund_id,
            value=one.amount.value,
            status=one.status,
            status_at=datetime.now(UTC),
        )
        before = refunds.get(one.refund_id)
        refunds[one.refund_id] = answered.after(before) if before else answered
    return list(refunds.values())


def left_of(value: int, known: Iterable[OrderRefund]) -> int:
    """Return the refundable rest in minor units, by the shop's own data.

    Args:
        value: The paid amount, in minor units.
        known: The order's refunds.
    """
    taken = sum(one.value for one in known if one.status not in GIVES_NOTHING)
    return max(0, value - taken)


def refunds_in(db: Connection, order_id: str) -> tuple[OrderRefund, ...]:
    """Return the refunds of an order, the oldest first."""
    rows = db.execute(
        "select * from refunds where order_id = ? order by rowid", (order_id,)
    )
    return tuple(OrderRefund.model_validate(dict(row)) for row in rows)


def keep(db: Connection, order_id: str, news: OrderRefund) -> bool:
    """Store the new state of a refund; return whether it has changed."""
    known = {one.refund_id: one for one in refunds_in(db, order_id)}
    before = known.get(news.refund_id)
    after = news.after(before) if before else news
    # A new time alone is not a change: each answer of the API has a later one.
    if before and after.model_copy(update={"status_at": before.status_at}) == before:
        return False
    values = after.model_dump(mode="json")
    names = ["order_id", *values]
    db.execute(
        f"insert into refunds ({', '.join(names)})"  # noqa: S608 - names of our fields
        f" values ({', '.join('?' for _ in names)}) on conflict do update set "
        + ", ".join(f"{name} = excluded.{name}" for name in values),
        (order_id, *values.values()),
    )
    return True


def forget(db: Connection, order_id: str, refund_id: str) -> None:
    """Delete a refund that the API has surely not created."""
    db.execute(
        "delete from refunds where order_id = ? and refund_id = ? and status = ?",
        (order_id, refund_id, ASKED),
    )
