"""Finds payments and refunds by each of their ids."""

from simulator.payments.payment import Payment
from simulator.payments.refund import Refund
from simulator.requests.fields import Fields
from simulator.requests.refusal import RefusedError


class Register:
    """All payments; each client finds only its own."""

    def __init__(self) -> None:
        self._by_request_id: dict[str, Payment] = {}
        self._by_payment_id: dict[str, Payment] = {}
        self._by_token: dict[str, Payment] = {}
        self._by_refund: dict[str, tuple[Payment, Refund]] = {}

    @property
    def payments(self) -> tuple[Payment, ...]:
        return tuple(self._by_request_id.values())

    def add(self, payment: Payment) -> None:
        self._by_request_id[payment.payment_request_id] = payment
        self._by_payment_id[payment.payment_id] = payment
        self._by_token[payment.token] = payment
        for refund in payment.refunds:
            self.add_refund(payment, refund)

    def add_refund(self, payment: Payment, refund: Refund) -> None:
        self._by_refund[f"request:{refund.refund_request_id}"] = payment, refund
        self._by_refund[f"refund:{refund.refund_id}"] = payment, refund

    def with_token(self, token: str) -> Payment | None:
        return self._by_token.get(token)

    def with_request_id(self, payment_request_id: str) -> Payment | None:
        return self._by_request_id.get(payment_request_id)

    def with_payment_id(self, payment_id: str) -> Payment | None:
        return self._by_payment_id.get(payment_id)

    def payment(self, client_id: str, fields: Fields) -> Payment:
        """Find the payment that a request names.

        paymentId wins (docs/protocol.md 2.2, 2.4).

        Raises:
            RefusedError: It names none, or one of another client.
        """
        if fields.has("paymentId"):
            found = self.with_payment_id(fields.text("paymentId", longest=64))
        elif fields.has("paymentRequestId"):
            found = self.with_request_id(fields.identifier("paymentRequestId"))
        else:
            raise RefusedError(
                "PARAM_ILLEGAL", "paymentId or paymentRequestId is missing"
            )
        if found is None or found.client_id != client_id:
            raise RefusedError("ORDER_NOT_EXIST", "The order does not exist.")
        return found

    def refund(self, client_id: str, fields: Fields) -> tuple[Payment, Refund]:
        """Find the refund that a request names; refundId wins (docs/protocol.md 2.6).

        Raises:
            RefusedError: It names none, or one of another client.
        """
        if fields.has("refundId"):
            key = f"refund:{fields.text('refundId', longest=64)}"
        elif fields.has("refundRequestId"):
            key = f"request:{fields.identifier('refundRequestId')}"
        else:
            raise RefusedError(
                "PARAM_ILLEGAL", "refundId or refundRequestId is missing"
            )
        found = self._by_refund.get(key)
        if found is None or found[0].client_id != client_id:
            raise no_such_refund()
        return found

    def refund_with_request_id(self, request_id: str) -> tuple[Payment, Refund] | None:
        return self._by_refund.get(f"request:{request_id}")


def no_such_refund() -> RefusedError:
    """Return the answer to an inquiry about a refund that does not exist."""
    return RefusedError("ORDER_NOT_EXIST", "The refund does not exist.")
