"""The status of an order for its customer: a pure function of the known facts.

An order is paid only if the API or a verified callback says so; the redirect back from
the wallet proves nothing. An unknown status is shown as unknown, never as a failure.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit

from storefront.ordering.orders import Notice, ShopOrder
from storefront.ordering.refunds import Refunded, refunded_of
from storefront.ordering.reviews import Review, since_when, without_settled
from storefront.payment_api.answers import Attempt, LateMoney, PaymentState


class Kind(StrEnum):
    """The kinds of status; the texts of each are named `status.{kind}`."""

    NOT_BEGUN = "not_begun"
    OPENING = "opening"
    WAITING = "waiting"
    TIME_OVER = "time_over"
    CHECKING = "checking"
    CLOSING = "closing"
    PAID = "paid"
    REFUNDING = "refunding"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    DECLINED = "declined"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    LATE = "late"
    LATE_REFUNDED = "late_refunded"
    LATE_RETURNED = "late_returned"
    LATE_HONOURED = "late_honoured"
    LATE_GONE = "late_gone"
    REVIEW = "review"
    LATE_REVIEW = "late_review"
    UNKNOWN = "unknown"


# With these the customer may begin another attempt, with any wallet.
MAY_PAY_AGAIN = (
    Kind.NOT_BEGUN,
    Kind.DECLINED,
    Kind.REFUSED,
    Kind.EXPIRED,
    Kind.CANCELLED,
    Kind.LATE_REFUNDED,
    Kind.LATE_RETURNED,
    Kind.LATE_GONE,
)
DELIVERED = (Kind.PAID, Kind.LATE_HONOURED)
SETTLED = (*DELIVERED, Kind.REFUNDING, Kind.PARTLY_REFUNDED, Kind.REFUNDED)
OPEN = {
    "OPENING": Kind.OPENING,
    "CHECKING": Kind.CHECKING,
    "CANCELLING": Kind.CLOSING,
}
ENDED = {
    "PAID": Kind.PAID,
    "DECLINED": Kind.DECLINED,
    "EXPIRED": Kind.EXPIRED,
    "CANCELLED": Kind.CANCELLED,
}
GIVEN_BACK = {
    "REFUNDED": Kind.LATE_REFUNDED,
    "RETURNED": Kind.LATE_RETURNED,
    "GONE": Kind.LATE_GONE,
}


@dataclass(frozen=True)
class OrderStatus:
    """The status of an order.

    Attributes:
        kind: Decides the texts of the page.
        wallet: Alipay's code of the wallet.
        page_url: The wallet's page, while the order can be paid there.
        expires_at: When the payment expires.
        may_pay_again: Whether another attempt can begin right away.
        second_payment: The state of a second payment of the order; the name of a text.
        paid_at: When it was paid, in Alipay's format.
        notice: A recent refusal.
        refunded: The refunded amounts.
        review_since: Since when it is under review; only callbacks report it.
        is_over: Whether the status is final, so that no event stream is needed.
    """

    kind: Kind
    wallet: str
    page_url: str = ""
    expires_at: datetime | None = None
    may_pay_again: bool = False
    second_payment: str = ""
    paid_at: str | None = None
    notice: Notice | None = None
    refunded: Refunded = field(default_factory=Refunded)
    review_since: datetime | None = None
    is_over: bool = False

    @property
    def key(self) -> str:
        """Equal for equal pages, so that nothing is shown or read out twice."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def order_status_of(
    order: ShopOrder,
    state: PaymentState | None,
    now: datetime,
    *,
    is_away: bool = False,
) -> OrderStatus:
    """Return the status of an order.

    Args:
        order: The order as stored by the shop.
        state: The API's answer; None if it knows no payment of the order.
        now: The current time.
        is_away: Whether the API did not answer at all.
    """
    if is_away or state is None:
        order_status = _without_answer(order, is_away=is_away)
    else:
        order_status = _with_answer(order, state, now)
    refunded = refunded_of(order.refunds, state.refunds if state else None)
    kind = _after_refunds(order_status.kind, order.value, refunded)
    is_open = order_status.second_payment == "pending" or bool(refunded.under_way)
    return replace(
        order_status,
        kind=kind,
        may_pay_again=kind in MAY_PAY_AGAIN,
        notice=_notice(order, kind, now),
        refunded=refunded,
        is_over=kind in SETTLED and not is_open,
    )


def _after_refunds(kind: Kind, paid: int, refunded: Refunded) -> Kind:
    """Return the kind of a paid order after its refunds."""
    if kind not in DELIVERED:
        return kind
    if refunded.given_back:
        is_all = refunded.given_back >= paid
        return Kind.REFUNDED if is_all else Kind.PARTLY_REFUNDED
    return Kind.REFUNDING if refunded.under_way else kind


def _without_answer(order: ShopOrder, *, is_away: bool) -> OrderStatus:
    if order.fulfilled_at:
        second = _second_payment((), order.reviews)
        return OrderStatus(_settled(order), order.wallet, second_payment=second)
    if since := since_when(order.reviews, is_late=False):
        return OrderStatus(Kind.REVIEW, order.wallet, review_since=since)
    if since := since_when(order.reviews, is_late=True):
        return OrderStatus(Kind.LATE_REVIEW, order.wallet, review_since=since)
    return OrderStatus(Kind.UNKNOWN if is_away else Kind.NOT_BEGUN, order.wallet)


def _with_answer(order: ShopOrder, state: PaymentState, now: datetime) -> OrderStatus:
    newest = state.newest
    reviews = without_settled(order.reviews, state)
    since = since_when(reviews, is_late=False)
    second = _second_payment(state.late_money, reviews)
    if not order.fulfilled_at:
        if _is_under_review(order, state, since):
            return OrderStatus(
                Kind.REVIEW, newest.wallet, second_payment=second, review_since=since
            )
        if state.outcome is None:
            return _open(state, newest, now, second)
    if state.outcome == "PAID" or (order.fulfilled_at and _settled(order) is Kind.PAID):
        paid = next((one for one in reversed(state.attempts) if one.is_paid), newest)
        return OrderStatus(
            Kind.PAID, paid.wallet, paid_at=state.paid_at, second_payment=second
        )
    if order.fulfilled_at:
        return OrderStatus(Kind.LATE_HONOURED, newest.wallet, second_payment=second)
    if late := _late_end(state, reviews):
        return late
    kind = ENDED.get(state.outcome or "", Kind.UNKNOWN)
    if kind is Kind.DECLINED and newest.cashier is None:
        kind = Kind.REFUSED
    return OrderStatus(kind, newest.wallet, second_payment=second)


def _late_end(state: PaymentState, reviews: Sequence[Review]) -> OrderStatus | None:
    """Return the status of an unpaid payment that late money changes, if it does."""
    since = since_when(reviews, is_late=True)
    if since or any(late.is_under_review for late in state.late_money):
        return OrderStatus(Kind.LATE_REVIEW, state.newest.wallet, review_since=since)
    outcomes = [late.fate for late in state.late_money]
    if None in outcomes:
        return OrderStatus(Kind.LATE, state.newest.wallet)
    if "HONOURED" in outcomes:
        return OrderStatus(Kind.LATE_HONOURED, state.newest.wallet)
    # Late money of earlier payments of the order is only mentioned.
    wallets = {one.payment_request_id: one.wallet for one in state.attempts}
    for late in state.late_money:
        wallet = wallets.get(late.payment_request_id)
        if wallet and (kind := GIVEN_BACK.get(late.fate or "")):
            return OrderStatus(kind, wallet)
    return None


def _is_under_review(
    order: ShopOrder, state: PaymentState, since: datetime | None
) -> bool:
    """Whether a person must decide, by the answer or by a newer callback."""
    asked = state.amount
    # The paid amount differs from the order's, so nothing is delivered.
    is_other = (asked.currency, asked.value) != (order.currency, order.value)
    says_so = state.outcome is None and state.status == "REVIEW"
    return is_other or says_so or (since is not None and state.outcome != "PAID")


def _second_payment(late: Sequence[LateMoney], reviews: Sequence[Review]) -> str:
    outcomes = [money.fate for money in late]
    if None in outcomes or since_when(reviews, is_late=True):
        return "pending"
    return next((one.lower() for one in GIVEN_BACK if one in outcomes), "")


def _settled(order: ShopOrder) -> Kind:
    return Kind.LATE_HONOURED if order.status == "HONOURED" else Kind.PAID


def _notice(order: ShopOrder, kind: Kind, now: datetime) -> Notice | None:
    """Return the stored refusal until its time is over or the order is paid."""
    notice = order.notice
    return notice if notice and now < notice.until and kind not in SETTLED else None


def _open(
    state: PaymentState, newest: Attempt, now: datetime, second: str
) -> OrderStatus:
    if state.status != "AWAITING_CUSTOMER":
        kind = OPEN.get(state.status, Kind.UNKNOWN)
        return OrderStatus(kind, newest.wallet, second_payment=second)
    if newest.expires_at and now >= newest.expires_at:
        return OrderStatus(Kind.TIME_OVER, newest.wallet, second_payment=second)
    return OrderStatus(
        Kind.WAITING,
        newest.wallet,
        page_url=usable(newest.cashier.url) if newest.cashier else "",
        expires_at=newest.expires_at,
        second_payment=second,
    )


def usable(url: str) -> str:
    """Return the URL if a browser may be redirected there, else an empty text.

    Any scheme of an app is allowed; schemes that run code or read files are not.
    """
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return ""
    return "" if scheme in ("", "javascript", "data", "vbscript", "file") else url
