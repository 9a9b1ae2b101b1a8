"""The control API of refunds: the merchant's portal, and Alipay's side of refunds."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Response

from simulator.payments.payment import Payment
from simulator.payments.refund import Refund, RefundStatus
from simulator.payments.refunds import NotInProcessError
from simulator.report_files import settlement_file, transaction_file
from simulator.requests.money import Money
from simulator.requests.refusal import RefusedError
from simulator.simulation import PAYMENT, REFUND, Simulation

JsonObject = dict[str, Any]
Value = Annotated[int | None, Query(ge=1, le=10**16 - 1)]


class RefundControl:
    """Everything under /control about refunds, and Alipay's report files."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.router = APIRouter(tags=["Control"], prefix="/control")
        get, post = self.router.get, self.router.post
        get("/refunds")(self.refunds)
        get("/refunds/{refund_request_id}")(self.refund)
        post("/payments/{payment_request_id}/refund")(self.refund_in_portal)
        post("/refunds/{refund_request_id}/finish")(self.finish)
        post("/refunds/{refund_request_id}/notify")(self.notify)
        post("/refunds/{refund_request_id}/return")(self.give_to_the_merchant)
        post("/top-up")(self.top_up)
        get("/files/transactions.csv", response_class=Response)(self.transactions)
        get("/files/settlement.csv", response_class=Response)(self.settlement)

    async def refunds(self) -> list[JsonObject]:
        return [
            self._view(payment, refund)
            for payment in self._simulation.register.payments
            for refund in payment.refunds
        ]

    async def refund(self, refund_request_id: str) -> JsonObject:
        return self._view(*self._find(refund_request_id))

    async def refund_in_portal(
        self, payment_request_id: str, value: Value = None
    ) -> JsonObject:
        """The merchant refunds in Alipay's portal: all that is left, or `value`."""
        simulation = self._simulation
        payment = simulation.register.with_request_id(payment_request_id)
        if payment is None:
            raise HTTPException(404, f"There is no payment {payment_request_id!r}.")
        simulation.lifecycle.catch_up(payment)
        # At least 1, so that a refund of nothing is refused and does not succeed.
        amount = Money(payment.currency, value or max(payment.left, 1))
        try:
            simulation.refunds.make_in_portal(payment, amount)
        except RefusedError as refused:
            raise HTTPException(409, str(refused)) from None
        view: JsonObject = PAYMENT.dump_python(payment, mode="json")
        return view

    async def finish(
        self,
        refund_request_id: str,
        outcome: Literal["SUCCESS", "FAIL"] | None = None,
    ) -> JsonObject:
        """The wallet ends a refund in process now; by default as planned."""
        payment, refund = self._find(refund_request_id)
        status = RefundStatus(outcome) if outcome else None
        try:
            self._simulation.refunds.finish(payment, refund, status)
        except NotInProcessError as error:
            raise HTTPException(409, str(error)) from None
        return self._view(payment, refund)

    async def notify(self, refund_request_id: str) -> JsonObject:
        """The merchant sends the notification by hand from the dashboard."""
        payment, refund = self._find(refund_request_id)
        try:
            self._simulation.refunds.notify(payment, refund)
        except NotInProcessError as error:
            raise HTTPException(409, str(error)) from None
        return self._view(payment, refund)

    async def give_to_the_merchant(self, refund_request_id: str) -> JsonObject:
        """The wallet cannot credit a refund that succeeded: the money returns."""
        payment, refund = self._find(refund_request_id)
        try:
            self._simulation.refunds.give_to_the_merchant(payment, refund)
        except NotInProcessError as error:
            raise HTTPException(409, str(error)) from None
        return self._view(payment, refund)

    async def top_up(self) -> JsonObject:
        """The merchant tops up the balance from which refunds are paid."""
        self._simulation.refunds.top_up()
        return {"status": "topped up"}

    async def transactions(self) -> Response:
        """Alipay's transaction file: payments and refunds."""
        return _csv(transaction_file(self._simulation))

    async def settlement(self) -> Response:
        """Alipay's settlement file: only it lists refunds whose money returned."""
        return _csv(settlement_file(self._simulation))

    def _find(self, refund_request_id: str) -> tuple[Payment, Refund]:
        known = self._simulation.register.refund_with_request_id(refund_request_id)
        if known is None:
            raise HTTPException(404, f"There is no refund {refund_request_id!r}.")
        self._simulation.lifecycle.catch_up(known[0])
        return known

    def _view(self, payment: Payment, refund: Refund) -> JsonObject:
        self._simulation.lifecycle.catch_up(payment)
        view: JsonObject = REFUND.dump_python(refund, mode="json")
        return view | {
            "status": refund.status,
            "currency": payment.currency,
            "payment_request_id": payment.payment_request_id,
            "payment_id": payment.payment_id,
            "order_id": payment.order_id,
        }


def _csv(text: str) -> Response:
    return Response(text, media_type="text/csv; charset=UTF-8")
