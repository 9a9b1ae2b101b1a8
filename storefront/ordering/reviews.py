"""The open reviews of an order, on which a person must decide, from its callbacks.

Only the callbacks themselves are stored, so that they may arrive in any order, and more
than once.
"""

from collections.abc import Iterable
from datetime import datetime
from sqlite3 import Connection, Row
from typing import Final

from pydantic import BaseModel, ConfigDict

from storefront.payment_api.answers import PaymentState
from storefront.payment_api.outcomes import PAYMENT_REVIEW, REVIEWS, STATUS_OF

PAYMENT_ENDS: Final = tuple(one for one in STATUS_OF if one.startswith("payment."))
# The statuses of an order whose payment has ended.
PAYMENT_STATUSES: Final = tuple(STATUS_OF[one] for one in PAYMENT_ENDS)
# The key of reviews of the payment, whichever the attempt; late money is settled per
# attempt.
WHOLE_PAYMENT: Final = ""


class ReceivedCallback(BaseModel):
    """The fields of a callback that reviews depend on."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str
    payment_request_id: str
    occurred_at: datetime
    review: str | None = None


class Review(BaseModel):
    """A doubt about an order, on which a person must decide.

    Attributes:
        is_late: Whether it is about money that came after the payment had ended.
        payment_request_id: The attempt.
        since: Since when; the time of the newest doubt, if it has changed.
        doubt: The question to decide, in words for the shop, not for its customer.
    """

    model_config = ConfigDict(frozen=True)

    is_late: bool
    payment_request_id: str
    since: datetime
    doubt: str = ""


def reviews_in(
    db: Connection, order: Row, *, also: ReceivedCallback | None = None
) -> tuple[Review, ...]:
    """Return the open reviews of an order, a row of the table.

    Args:
        db: The shop's database.
        order: The order's row in the table.
        also: A callback that is not stored yet.
    """
    # A callback that was refused for its amount ends no review.
    rows = db.execute(
        "select * from callbacks where order_id = ? and effect <> 'AMOUNT_DIFFERS'"
        " order by received_at",
        (order["order_id"],),
    )
    callbacks = [ReceivedCallback.model_validate(dict(row)) for row in rows]
    at = order["status_at"]
    return open_reviews(
        [*callbacks, also] if also else callbacks,
        order["status"],
        datetime.fromisoformat(at) if at else None,
    )


def open_reviews(
    callbacks: Iterable[ReceivedCallback], status: str, status_at: datetime | None
) -> tuple[Review, ...]:
    """Return the reviews of an order that no later outcome has ended.

    Args:
        callbacks: The order's callbacks; their order matters only at equal times.
        status: The order's status, which may be known without a callback.
        status_at: Since when the status is certain.
    """
    newest: dict[str, Review] = {}
    # At equal times the outcome comes after the review, and ends it.
    for one in sorted(
        callbacks, key=lambda it: (it.occurred_at, it.type not in REVIEWS)
    ):
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
    """Return the reviews that the API's answer does not show as settled.

    An answer that is older than the callback of a review does not settle it.
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
