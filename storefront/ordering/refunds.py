"""What goes back of an order: as our staff has asked for it, and as the API has told.

A refund never takes a step back, so it does not matter in which order callbacks and
answers arrive, nor how often.
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

# Written down before the API is asked, and not heard of since.
ASKED: Final = "ASKED"
# Each follows on those before it, and no other way round; what is under way may change
# in any way, also to a status that a newer API has. A refusal comes before a success,
# because money that has gone back has gone back.
_RANK: Final = {ASKED: 0, REFUSED: 2, SUCCEEDED: 3, RETURNED: 4}
_RANK_UNDER_WAY: Final = 1


class OrderRefund(BaseModel):
    """A refund as the shop has it written down; see the comments in database.py."""

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
    def told_by(cls, callback: Outcome) -> Self:
        """Return what a callback says; who asked for the refund is not in there."""
        return cls(
            refund_id=callback.refund.refund_id if callback.refund else "",
            value=callback.amount.value,
            status=STATUS_OF[callback.type],
            status_at=callback.occurred_at,
            code=callback.result_code,
        )

    @classmethod
    def answered(cls, refund: Refund, now: datetime) -> Self:
        """Return what the API's answer says."""
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
        """Return what is known of a refund, where this much was known before.

        Who has asked for it, and why, stays as it was written down first.
        """
        is_older = (_rank(self), self.status_at) < (_rank(before), before.status_at)
        newest, older = (before, self) if is_older else (self, before)
        return newest.model_copy(
            update={
                "asked_by": before.asked_by or self.asked_by,
                "asked_at": before.asked_at or self.asked_at,
                "reason": before.reason or self.reason,
                "note": before.note or self.note,
                # A callback has no advice; the answer of before may have had some.
                "advice": newest.advice
                or (older.advice if older.status == newest.status else None),
            }
        )


def _rank(refund: OrderRefund) -> int:
    return _RANK.get(refund.status, _RANK_UNDER_WAY)


@dataclass(frozen=True)
class Refunded:
    """What has gone back of an order, in minor units, for its customer's page.

    Attributes:
        given_back: All that has gone back.
        under_way: What the API is giving back right now.
        returned: What had gone back, and bounced.
        reasons: Why it has gone back, as our staff has told the customer.
    """

    given_back: int = 0
    under_way: int = 0
    returned: int = 0
    reasons: tuple[str, ...] = ()


def refunded_of(
    known: Iterable[OrderRefund], told: RefundsInBrief | None = None
) -> Refunded:
    """Return what has gone back of an order.

    Args:
        known: The order's refunds as the shop has them written down.
        told: The API's answer. It may be older than a callback, and then takes nothing
            back; and it may count what was not refunded through the API.
    """
    refunds = list(known)
    elsewhere = 0
    if told:
        refunds = _joined(refunds, told)
        elsewhere = told.given_back.value - sum(
            one.amount.value for one in told.refunds if one.status == SUCCEEDED
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


def _joined(known: Iterable[OrderRefund], told: RefundsInBrief) -> list[OrderRefund]:
    """Return the refunds by what the shop knows and what the API answers."""
    refunds = {one.refund_id: one for one in known}
    for one in told.refunds:
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
    """Return what can still be refunded, as far as the shop itself knows.

    Args:
        value: What was paid, in minor units.
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


def keep(db: Connection, order_id: str, told: OrderRefund) -> bool:
    """Keep what was told of a refund; return whether it is news."""
    known = {one.refund_id: one for one in refunds_in(db, order_id)}
    before = known.get(told.refund_id)
    after = told.after(before) if before else told
    # The time alone is no news: each answer of the API has a later one.
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
    """Strike out a refund of which the API says for certain that it does not exist."""
    db.execute(
        "delete from refunds where order_id = ? and refund_id = ? and status = ?",
        (order_id, refund_id, ASKED),
    )
