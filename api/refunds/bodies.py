"""The bodies of requests and responses about refunds."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from fastapi import Path
from pydantic import AfterValidator, BaseModel, Field

from api.bodies import AmountBody, Body, Text64
from api.refunded import given_back
from contracts import (
    REFUND_ID_PATTERN,
    Money,
    RefundRecord,
    RefundRequest,
    RefundStatus,
    RefundsView,
)

# The limit of refundReason (docs/protocol.md 2.5).
LONGEST_CUSTOMER_REASON: Final = 256
LONGEST_NOTE: Final = 1000

# What an open refund waits for, by its status.
WAITS_FOR: Final = {
    RefundStatus.CONFIRMING: "a second person must confirm it",
    RefundStatus.REVIEW: "a person must decide",
    RefundStatus.REQUESTED: "it is being sent to Alipay",
    RefundStatus.SENT: "Alipay has not reported an outcome; it is asked again",
    RefundStatus.WAITING: (
        "the merchant's balance at Alipay is too low; it is sent again automatically"
    ),
    RefundStatus.IN_PROCESS: "Alipay has accepted it, and reports the outcome later",
}
# The advice on a refusal, by Alipay's code or ours (docs/protocol.md 3.7).
ADVICE: Final = {
    "REFUND_AMOUNT_EXCEED": "check what is left: Alipay has refunded more",
    "MORE_THAN_IS_LEFT": "check what is left: more was refunded in Alipay's portal",
    "REFUND_WINDOW_EXCEED": "the wallet's refund period is over; pay the customer in "
    "another way",
    "REFUND_NOT_SUPPORTED": "the wallet allows no refunds; pay the customer in "
    "another way",
    "PAYMENT_METHOD_NOT_SUPPORTED": "the wallet allows no refunds; pay the customer "
    "in another way",
    "PARTIAL_REFUND_NOT_SUPPORTED": "the wallet refunds only the whole payment",
    "MULTIPLE_REFUNDS_NOT_SUPPORTED": "the wallet refunds a payment only once",
    "CURRENCY_NOT_SUPPORT": "ask Alipay in which currency the payment is refunded",
    "ORDER_IS_CANCELED": "the money was already returned by a cancel",
    "ORDER_IS_CLOSED": "the payment was never paid; there is nothing to refund",
    "ORDER_STATUS_INVALID": "the payment was never paid; there is nothing to refund",
    "NOT_PAID": "the payment is not paid at Alipay; there is nothing to refund",
    "RISK_REJECT": "ask Alipay's support for the reason; a new refund_id tries again",
    "WITHDRAWN": "a person has withdrawn it; a new refund_id tries again",
}
USUAL_ADVICE: Final = "look into Alipay's portal; a new refund_id tries again"


def _is_printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError(
            "must contain printable characters only, no control characters"
        )
    return value


RefundId = Annotated[
    str,
    Field(
        pattern=rf"^{REFUND_ID_PATTERN}$",
        description="The shop's id of the refund: letters, digits, `-`, `_`; up to 64",
        examples=["return-77"],
    ),
]
RefundIdInPath = Annotated[str, Path(pattern=rf"^{REFUND_ID_PATTERN}$")]


class RefundBody(Body):
    """A refund of an order; the same `refund_id` again is the same refund.

    Attributes:
        amount: None for all that is left.
        reason_for_customer: The customer and the wallet may see it.
        note: For the merchant's own staff; not sent to Alipay.
        remaining: The amount that the caller believes is left; another amount is a 409.
        payment_request_id: Only for a payment past its retention here.
    """

    refund_id: RefundId
    amount: AmountBody | None = None
    reason_for_customer: Annotated[
        str, Field(max_length=LONGEST_CUSTOMER_REASON), AfterValidator(_is_printable)
    ] = ""
    note: Annotated[
        str, Field(max_length=LONGEST_NOTE), AfterValidator(_is_printable)
    ] = ""
    remaining: AmountBody | None = None
    payment_request_id: Text64 | None = None

    def to_request(self, *, by: str, call_id: str) -> RefundRequest:
        """Return the request as the argument of the workflow's update."""
        asked = self.model_dump(exclude={"payment_request_id"})
        return RefundRequest.model_validate({**asked, "by": by, "call_id": call_id})


class ConfirmationBody(Body):
    """A second person's confirmation of a refund."""

    reason: Annotated[
        str, Field(max_length=LONGEST_NOTE), AfterValidator(_is_printable)
    ] = ""


class RefundState(BaseModel):
    """The full state of a refund.

    Attributes:
        by: Who requested it: the name of an API key, or of a person.
        by_cancel: Whether the whole payment was cancelled instead: no commission is
            due.
        waits_for: A text; None once it has ended.
        left: The amount of the payment that can still be refunded; None while unknown.
    """

    order_id: str
    refund_id: str
    amount: Money
    status: RefundStatus
    by: str
    asked_at: datetime
    ended_at: datetime | None
    by_cancel: bool
    reason_for_customer: str
    note: str
    result_code: str | None
    result_message: str | None
    advice: str | None
    waits_for: str | None
    left: Money | None

    @classmethod
    def of(cls, record: RefundRecord, view: RefundsView) -> Self:
        known = record.model_dump(include=set(cls.model_fields))
        refused = record.status is RefundStatus.REFUSED
        code = record.result_code or None
        told: dict[str, Any] = {
            "order_id": view.order_id,
            "result_code": code,
            "result_message": record.result_message or None,
            "advice": ADVICE.get(code or "", USUAL_ADVICE) if refused else None,
            "waits_for": record.review or WAITS_FOR.get(record.status),
            "left": view.left,
        }
        return cls(**{**known, **told})


class ElsewhereState(BaseModel):
    """Money returned in another way: by Alipay's portal, or long ago."""

    amount: Money | None
    status: str


class RefundsState(BaseModel):
    """All refunds of an order.

    Attributes:
        paid: The paid amount; None where nothing was paid, or it is unknown.
        left: The amount that can still be refunded.
        given_back: The amount that was certainly returned, in any way.
    """

    order_id: str
    payment_request_id: str | None
    paid: Money | None
    left: Money | None
    given_back: Money | None
    refunds: list[RefundState] = []
    elsewhere: list[ElsewhereState] = []

    @classmethod
    def of(cls, view: RefundsView) -> Self:
        return cls(
            order_id=view.order_id,
            payment_request_id=view.payment_request_id,
            paid=view.paid,
            left=view.left,
            given_back=given_back(view),
            refunds=[RefundState.of(one, view) for one in view.refunds],
            elsewhere=[
                ElsewhereState(amount=one.amount, status=one.status)
                for one in view.elsewhere
            ],
        )
