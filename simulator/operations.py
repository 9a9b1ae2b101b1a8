"""The five calls of the API, and their answers to valid requests."""

import secrets
from collections.abc import Callable

from simulator.config import Clock, SimulatorConfig
from simulator.payments.answers import Body, Writer, refund_money
from simulator.payments.ids import new_id
from simulator.payments.lifecycle import Lifecycle
from simulator.payments.payment import Payment, Status
from simulator.payments.refunds import Refunds
from simulator.payments.register import Register
from simulator.requests.fields import Fields
from simulator.requests.pay_request import PayRequest
from simulator.requests.refund_request import RefundRequest
from simulator.requests.refusal import RefusedError

Operation = Callable[[str, Fields, Writer], Body]


class Operations:
    """Reads requests, carries them out, writes answers.

    Every operation raises `RefusedError` for an answer F.
    """

    def __init__(
        self,
        config: SimulatorConfig,
        clock: Clock,
        register: Register,
        lifecycle: Lifecycle,
        refunds: Refunds,
    ) -> None:
        self._config = config
        self._clock = clock
        self._register = register
        self._lifecycle = lifecycle
        self._refunds = refunds
        self._operations: dict[str, Operation] = {
            "pay": self.pay,
            "inquiryPayment": self.inquiry_payment,
            "cancel": self.cancel,
            "refund": self.refund,
            "inquiryRefund": self.inquiry_refund,
        }

    def named(self, api: str) -> Operation:
        """Return the operation of an API.

        Raises:
            RefusedError: There is no such API here.
        """
        if api not in self._operations:
            raise RefusedError("NO_INTERFACE_DEF", f"There is no API {api!r}.")
        return self._operations[api]

    def pay(self, client_id: str, fields: Fields, writer: Writer) -> Body:
        request = PayRequest.read(fields)
        payment = self._register.with_request_id(request.payment_request_id)
        if payment is None:
            payment = self._create(client_id, request)
        else:
            self._lifecycle.repeat(payment)
            _check_repeat(payment, client_id, request)
        return writer.in_process(payment)

    def inquiry_payment(self, client_id: str, fields: Fields, writer: Writer) -> Body:
        payment = self._register.payment(client_id, fields)
        self._lifecycle.catch_up(payment)
        return writer.inquiry(payment)

    def cancel(self, client_id: str, fields: Fields, writer: Writer) -> Body:
        payment = self._register.payment(client_id, fields)
        self._lifecycle.cancel(payment)
        return writer.cancelled(payment)

    def refund(self, client_id: str, fields: Fields, writer: Writer) -> Body:
        dashboard = self._config.refund_notify_url
        request = RefundRequest.read(fields, dashboard=dashboard)
        payment = self._register.payment(client_id, fields)
        self._lifecycle.catch_up(payment)
        known = self._register.refund_with_request_id(request.refund_request_id)
        if known is None:
            refund = self._refunds.make(payment, request)
        else:
            owner, refund = known
            self._lifecycle.catch_up(owner)
            if owner is not payment or request.amount != refund_money(owner, refund):
                raise RefusedError(
                    "REPEAT_REQ_INCONSISTENT",
                    "refundAmount or paymentId differs from the previous request.",
                )
        if refund.done and refund.fails_with:
            raise RefusedError(refund.fails_with, "The refund has failed.")
        return writer.refunded(payment, refund)

    def inquiry_refund(self, client_id: str, fields: Fields, writer: Writer) -> Body:
        payment, refund = self._register.refund(client_id, fields)
        self._lifecycle.catch_up(payment)
        return writer.refund_inquiry(payment, refund)

    def _create(self, client_id: str, request: PayRequest) -> Payment:
        now = self._clock()
        # Not checked for a repeat, whose answer is the state of the payment.
        time_to_pay = request.time_to_pay(now)
        payment = Payment(
            payment_request_id=request.payment_request_id,
            payment_id=new_id(now, "1"),
            client_id=client_id,
            order_id=request.order_id,
            description=request.description,
            currency=request.amount.currency,
            value=request.amount.value,
            wallet=request.wallet,
            terminal=request.terminal,
            os=request.os,
            redirect_url=request.redirect_url,
            notify_url=request.notify_url,
            settlement_currency=request.settlement_currency,
            token=secrets.token_urlsafe(24),
            created_at=now,
            expires_at=now + self._config.shortened(time_to_pay),
        )
        self._lifecycle.open(payment)
        return payment


def _check_repeat(payment: Payment, client_id: str, request: PayRequest) -> None:
    """Reject a repeat that differs or comes too late (docs/protocol.md 3.4)."""
    if payment.client_id != client_id:
        raise RefusedError("ACCESS_DENIED", "paymentRequestId belongs to someone else.")
    if payment.asked != request.amount:
        raise RefusedError(
            "REPEAT_REQ_INCONSISTENT",
            "paymentAmount differs from the previous request.",
        )
    # Our conclusion: of the method the pages compare only paymentMethodId, which we
    # never send. Another wallet is another method, so it is not a repeat either.
    if payment.wallet != request.wallet:
        raise RefusedError(
            "REPEAT_REQ_INCONSISTENT",
            "paymentMethod.paymentMethodType differs from the previous request.",
        )
    if payment.status is Status.CANCELLED and payment.paid_at is not None:
        raise RefusedError(
            "ORDER_IS_CANCELED",
            "The paymentRequestId belongs to a paid transaction that was cancelled.",
        )
    if payment.status in {Status.FAIL, Status.CANCELLED}:
        raise RefusedError(
            "ORDER_IS_CLOSED",
            "The paymentRequestId was already used by a transaction that is closed.",
        )
