"""What the merchant called: which payment a call is about, how it was answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from simulator.faults import Fault
from simulator.payments.payment import Payment
from simulator.payments.register import Register
from simulator.requests.fields import Fields
from simulator.requests.refusal import RefusedError

# The headers that prove a request; the others are of no account to anybody.
PROOF = ("client-id", "request-time", "signature")


@dataclass(frozen=True)
class Call:
    """One call as it was received, and its answer.

    Attributes:
        headers: Those of `PROOF` that came, untouched.
        body: The raw text; what is not UTF-8 is shown as replacement characters.
        result_code: None: no verdict was sent.
    """

    time: datetime
    api: str
    path: str
    headers: Mapping[str, str]
    body: str
    payment_request_id: str | None = None
    result_code: str | None = None
    fault: Fault | None = None

    @classmethod
    def received(
        cls, time: datetime, api: str, request: Request, body: bytes
    ) -> "Call":
        return cls(
            time=time,
            api=api,
            path=request.url.path,
            headers={
                name: request.headers[name] for name in PROOF if name in request.headers
            },
            body=body.decode(errors="replace"),
        )


@dataclass(frozen=True)
class Subject:
    """The payment that a call is about, as far as its body can tell."""

    payment_request_id: str | None = None
    order_id: str | None = None
    value: int = 0

    @classmethod
    def of(cls, register: Register, api: str, client: str, body: Fields) -> "Subject":
        """Look leniently: a body that is refused later may still be meant to fail."""
        if api == "pay":
            return cls._of_pay(body)
        try:
            if api == "inquiryRefund":
                payment: Payment = register.refund(client, body)[0]
            else:
                payment = register.payment(client, body)
        except RefusedError:
            return cls(_text(body.values.get("paymentRequestId")))
        return cls(payment.payment_request_id, payment.order_id, payment.value)

    @classmethod
    def _of_pay(cls, body: Fields) -> "Subject":
        try:
            order_id = _text(body.under("order").values.get("referenceOrderId"))
            value = body.amount("paymentAmount").value
        except RefusedError:
            return cls(_text(body.values.get("paymentRequestId")))
        return cls(_text(body.values.get("paymentRequestId")), order_id, value)

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key in (self.payment_request_id, self.order_id) if key)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
