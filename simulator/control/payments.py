"""The control API, with which tests and demos inspect payments and inject faults."""

from datetime import timedelta
from typing import Any, Literal

from fastapi import APIRouter, HTTPException, status
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, model_validator

from simulator.faults.kinds import (
    CALL_FAULTS,
    DEFAULT_MIX,
    DEFAULT_REFUSAL,
    DEFAULT_SKEW,
    MIXED_APIS,
    Fault,
)
from simulator.faults.scenarios import SENTENCES
from simulator.payments.payment import Payment
from simulator.simulation import PAYMENT, Simulation

JsonObject = dict[str, Any]

# The types of a dispute's notifications (docs/protocol.md 2.8).
Dispute = Literal[
    "DISPUTE_CREATED",
    "DISPUTE_JUDGED",
    "DISPUTE_CANCELLED",
    "DISPUTE_ACCEPTED",
    "DEFENSE_SUPPLIED",
    "DEFENSE_DUE_ALERT",
]

# A day: no clock is further off, and every date stays within the calendar.
MOST_SKEW = 24 * 60


class FaultOrder(BaseModel):
    """A fault to be planned for one payment, or for all payments of an order.

    `times` None means the fault's own default; `api` None means whichever comes first;
    `code` is the result code of a refund that is refused.
    """

    payment_request_id: str | None = None
    order_id: str | None = None
    fault: Fault
    times: int | None = Field(default=None, ge=1)
    api: str | None = None
    code: str = Field(default=DEFAULT_REFUSAL, pattern=r"^[A-Z_]{1,64}$")
    minutes: float = Field(
        default=DEFAULT_SKEW.total_seconds() / 60,
        ge=-MOST_SKEW,
        le=MOST_SKEW,
        allow_inf_nan=False,
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> "FaultOrder":
        if (self.payment_request_id is None) == (self.order_id is None):
            raise ValueError("name either payment_request_id or order_id")
        if self.api is not None and self.fault not in CALL_FAULTS:
            # It would wait for ever: no call triggers it.
            raise ValueError(f"{self.fault} does not befall a call: name no api")
        return self

    @property
    def key(self) -> str:
        return self.payment_request_id or self.order_id or ""


class FaultMix(BaseModel):
    """A seeded random mix for all payments that come from now on."""

    rate: float = Field(ge=0, lt=1)
    seed: int = 0
    faults: list[Fault] | None = None
    apis: list[str] = Field(default=list(MIXED_APIS), min_length=1)


class Control:
    """Everything under /control, and the health check."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.router = APIRouter(tags=["Control"])
        get, post = self.router.get, self.router.post
        get("/health/live")(self.live)
        self.router.head("/health/live", include_in_schema=False)(self.live)
        get("/control/ledger")(self.ledger)
        get("/control/payments")(self.payments)
        get("/control/payments/{payment_request_id}")(self.payment)
        get("/control/calls")(self.calls)
        get("/control/faults")(self.fault_counts)
        post("/control/payments/{payment_request_id}/pay")(self.pay)
        post("/control/payments/{payment_request_id}/decline")(self.decline)
        post("/control/payments/{payment_request_id}/expire")(self.expire)
        post("/control/payments/{payment_request_id}/dispute")(self.dispute)
        post("/control/faults")(self.plan_fault)
        post("/control/fault-mix")(self.mix_faults)
        post("/control/settle")(self.settle)

    async def live(self) -> JsonObject:
        return {"status": "live"}

    async def ledger(self) -> JsonObject:
        """The money that moved, in order, and the merchant's balance of each order."""
        ledger = self._simulation.ledger
        return {"entries": ledger.entries, "net": ledger.nets()}

    async def payments(self) -> list[JsonObject]:
        return [self._view(payment) for payment in self._simulation.register.payments]

    async def payment(self, payment_request_id: str) -> JsonObject:
        return self._view(self._find(payment_request_id))

    async def calls(self) -> JsonObject:
        """Every call of the API, with the result code of its answer."""
        return {"calls": list(self._simulation.calls)}

    async def fault_counts(self) -> JsonObject:
        """How often each fault was injected, and the menu in plain words."""
        counts = self._simulation.faults.counts
        return {"injected": {fault: counts[fault] for fault in Fault}} | {
            "menu": SENTENCES
        }

    async def pay(
        self, payment_request_id: str, fault: Fault | None = None
    ) -> JsonObject:
        """The customer pays."""
        payment = self._find(payment_request_id)
        self._simulation.lifecycle.pay(payment, fault)
        return self._view(payment)

    async def decline(self, payment_request_id: str) -> JsonObject:
        """The customer declines."""
        payment = self._find(payment_request_id)
        self._simulation.lifecycle.decline(payment)
        return self._view(payment)

    async def expire(self, payment_request_id: str) -> JsonObject:
        """The payment expires now, at Alipay only."""
        payment = self._find(payment_request_id)
        self._simulation.lifecycle.expire(payment)
        return self._view(payment)

    async def dispute(
        self, payment_request_id: str, kind: Dispute = "DISPUTE_CREATED"
    ) -> JsonObject:
        """The customer disputes the payment, or the dispute proceeds."""
        payment = self._find(payment_request_id)
        self._simulation.lifecycle.dispute(payment, kind)
        return self._view(payment)

    async def plan_fault(self, order: FaultOrder) -> JsonObject:
        self._simulation.faults.plan(
            order.key,
            order.fault,
            times=order.times,
            api=order.api,
            skew=timedelta(minutes=order.minutes),
            code=order.code,
        )
        return {"planned": order.fault, "meaning": SENTENCES[order.fault]}

    async def mix_faults(self, mix: FaultMix) -> JsonObject:
        faults = DEFAULT_MIX if mix.faults is None else tuple(mix.faults)
        self._simulation.faults.mix(mix.rate, mix.seed, faults, mix.apis)
        return {"rate": mix.rate, "seed": mix.seed, "faults": faults}

    async def settle(self) -> JsonObject:
        """Run due timers, and wait until their notifications have been sent."""
        await self._simulation.settle()
        return {"status": "settled"}

    async def refuse(self, error: Exception) -> JSONResponse:
        """Return the reason why the customer cannot do this; an exception handler."""
        return JSONResponse({"detail": str(error)}, status.HTTP_409_CONFLICT)

    def _find(self, payment_request_id: str) -> Payment:
        payment = self._simulation.register.with_request_id(payment_request_id)
        if payment is None:
            raise HTTPException(404, f"There is no payment {payment_request_id!r}.")
        self._simulation.lifecycle.catch_up(payment)
        return payment

    def _view(self, payment: Payment) -> JsonObject:
        self._simulation.lifecycle.catch_up(payment)
        base = self._simulation.config.base_url.rstrip("/")
        view: JsonObject = PAYMENT.dump_python(payment, mode="json")
        view["cashier_url"] = f"{base}/cashier/{payment.token}"
        view["notifications"] = [
            {
                "summary": notification.summary,
                "body": notification.body,
                "url": notification.url,
                "forged": notification.forged,
                "next_at": notification.next_at,
                "deliveries": notification.deliveries,
            }
            for notification in self._simulation.notifier.of(payment.payment_request_id)
        ]
        return view
