"""What a person must still decide of an order, as its callbacks have told.

Nothing is stored for it but the callbacks themselves, so it does not matter in which
order they arrive, nor how often.
"""

from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Final

from pydantic import BaseModel, ConfigDict

from storefront.payment_api.answers import PaymentState
from storefront.payment_api.outcomes import PAYMENT_REVIEW, REVIEWS, STATUS_OF

PAYMENT_ENDS: Final = tuple(one for one in STATUS_OF if one.startswith("payment."))
# The statuses that an order gets by the end of its payment.
PAYMENT_STATUSES: Final = tuple(STATUS_OF[one] for one in PAYMENT_ENDS)
# An order has one payment, whichever its attempt; late money is settled one by one.
WHOLE_PAYMENT: Final = ""


class Heard(BaseModel):
    """A callback of an order, as far as it matters here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    payment_request_id: str
    occurred_at: datetime
    review: str | None = None


class Review(BaseModel):
    """A doubt about an order that waits for a person.

    Attributes:
        is_late: Whether it is about money that came after the payment's end.
        payment_request_id: The attempt.
        since: Since when; of the newest doubt, where it has changed.
        doubt: What must be decided, in words for the shop, not for its customer.
    """

    model_config = ConfigDict(frozen=True)

    is_late: bool
    payment_request_id: str
    since: datetime
    doubt: str = ""


def reviews_in(
    db: Connection, order: Row, *, also: Heard | None = None
) -> tuple[Review, ...]:
    """Return the open reviews of an order, a row of the table.

    Args:
        db: The shop's database.
        order: The order's row.
        also: A callback that is not stored yet.
    """
    # What was refused for its amount has ended nothing.
    rows = db.execute(
        "select * from callbacks where order_id = ? and effect <> 'AMOUNT_DIFFERS'"
        " order by received_at",
        (order["order_id"],),
    )
    heard = [Heard.model_validate(dict(row)) for row in rows]
    at = order["status_at"]
    return open_reviews(
        [*heard, also] if also else heard,
        order["status"],
        datetime.fromisoformat(at) if at else None,
    )


def open_reviews(
    heard: Iterable[Heard], status: str, status_at: datetime | None
) -> tuple[Review, ...]:
    """Return the reviews of an order that no later outcome has ended.

    Args:
        heard: The order's callbacks; which came first matters only at equal times.
        status: The order's; it may be known without a callback.
        status_at: Since when the status is certain.
    """
    newest: dict[str, Review] = {}
    # What ends a review counts even at the same moment.
    for one in sorted(heard, key=lambda it: (it.occurred_at, it.type not in REVIEWS)):
        is_late = one.type not in (PAYMENT_REVIEW, *PAYMENT_ENDS)
        about = one.payment_request_id if is_late else WHOLE_PAYMENT
        if one.type in REVIEWS:
            newest[about] = Review(
                is_late=is_late,
                payment_request_id=one.payment_request_id,
                since=one.occurred_at,
                doubt=one.review or "",
            )
        elif one.type in STATUS_OF:
            newest.pop(about, None)
    payment = newest.get(WHOLE_PAYMENT)
    ended_at = status_at if status in PAYMENT_STATUSES else None
    if payment and ended_at and ended_at >= payment.since:
        del newest[WHOLE_PAYMENT]
    return tuple(newest.values())


def without_settled(
    reviews: Iterable[Review], state: PaymentState
) -> tuple[Review, ...]:
    """Leave out the reviews that the API's answer shows to be settled.

    An answer may be older than the callback of a review, and then settles nothing.
    """
    settled_late = {
        late.payment_request_id for late in state.late_money if late.outcome is not None
    }

    def is_settled(review: Review) -> bool:
        if review.is_late:
            return review.payment_request_id in settled_late
        ended_at = state.closed_at if state.outcome else None
        return ended_at is not None and ended_at >= review.since

    return tuple(one for one in reviews if not is_settled(one))


def since_when(reviews: Iterable[Review], *, is_late: bool) -> datetime | None:
    """Return since when the payment, or late money, is under review, if it is."""
    return min((one.since for one in reviews if one.is_late is is_late), default=None)
