"""The merchant's calls: which payment a call concerns, how it was answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from simulator.faults.kinds import Fault
from simulator.payments.payment import Payment
from simulator.payments.register import Register
from simulator.requests.fields import Fields
from simulator.requests.refusal import RefusedError

# The headers that authenticate a request; only these are kept.
PROOF = ("client-id", "request-time", "signature")


@dataclass(frozen=True)
class Call:
    """One call as it was received, and its answer.

    Attributes:
        headers: Those of `PROOF` that were received, unchanged.
        body: The raw text, with replacement characters for bytes outside UTF-8.
        result_code: None: no result was sent.
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
    """The payment that a call concerns, as far as its body names one."""

    payment_request_id: str | None = None
    order_id: str | None = None
    value: int = 0

    @classmethod
    def of(cls, register: Register, api: str, client: str, body: Fields) -> "Subject":
        """Read leniently: faults also apply to calls that are refused later."""
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
