"""What the merchant called: which payment a call is about, and the list of all calls."""

from dataclasses import dataclass
from datetime import datetime

from simulator.faults import Fault
from simulator.fields import Fields
from simulator.payments import Payment
from simulator.refusal import RefusedError
from simulator.register import Register


@dataclass(frozen=True)
class Call:
    """One call and its answer; no result code means that no verdict was sent."""

    time: datetime
    api: str
    payment_request_id: str | None
    result_code: str | None
    fault: Fault | None


@dataclass(frozen=True)
class Subject:
    """The payment that a call is about, as far as its body can tell."""

    payment_request_id: str | None = None
    order_id: str | None = None
    value: int = 0

    @classmethod
    def of(
        cls, register: Register, api: str, client_id: str, body: Fields
    ) -> "Subject":
        """Look leniently: a body that is refused later may still be meant to fail."""
        if api == "pay":
            return cls._of_pay(body)
        try:
            if api == "inquiryRefund":
                payment: Payment = register.refund(client_id, body)[0]
            else:
                payment = register.payment(client_id, body)
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
