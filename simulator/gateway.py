"""The signed API: verifies the merchant, answers signed, injects call faults."""

import json
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from alipay.errors import SignatureVerificationError
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.signing import sign, verify
from simulator.calls import Call, Subject
from simulator.faults.broken_answers import SlowResponse, cut, hanging
from simulator.faults.kinds import CALL_FAULTS, Fault
from simulator.payments.answers import Body, Writer, result, stamp
from simulator.payments.register import no_such_refund
from simulator.requests.fields import Fields
from simulator.requests.refusal import RefusedError
from simulator.simulation import Simulation

PRODUCTION_PATH = "/ams/api/v1/payments/{api}"
SANDBOX_PATH = "/ams/sandbox/api/v1/payments/{api}"
# Client ids with this prefix use the sandbox's path (docs/protocol.md 1.1).
SANDBOX_CLIENT = "SANDBOX_"

JSON = "application/json; charset=UTF-8"

# Faults with which the call is answered otherwise and has no effect.
INSTEAD: dict[Fault | None, Body] = {
    Fault.U_BEFORE: {"result": result("U", "UNKNOWN_EXCEPTION")},
    Fault.U_FOR_EVER: {"result": result("U", "UNKNOWN_EXCEPTION")},
    Fault.RATE_LIMIT: {"result": result("U", "REQUEST_TRAFFIC_EXCEED_LIMIT")},
    Fault.REFUND_NOT_FOUND: {"result": no_such_refund().result()},
}
# Faults after which the merchant has received no result.
NO_VERDICT = frozenset(
    {
        Fault.TIMEOUT_BEFORE,
        Fault.TIMEOUT_AFTER,
        Fault.SERVER_ERROR_BEFORE,
        Fault.SERVER_ERROR_AFTER,
        Fault.CUT,
    }
)


class Gateway:
    """Answers every call of the merchant's."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._keys = {
            # Merchants have one key here; in the SDKs the first version is 1.
            client_id: AlipayKeys({"1": key})
            for client_id, key in simulation.config.clients.items()
        }
        self.router = APIRouter(tags=["Alipay"])
        for path in (PRODUCTION_PATH, SANDBOX_PATH):
            self.router.add_api_route(
                path, self.call, methods=["POST"], response_class=Response
            )

    async def call(self, api: str, request: Request) -> Response:
        """A signed call: pay, inquiryPayment, cancel, refund or inquiryRefund."""
        body = await request.body()
        simulation = self._simulation
        call = Call.received(simulation.clock(), api, request, body)
        try:
            client_id = self._authenticate(request, body)
        except RefusedError as refused:
            # Answers to an unknown client are not signed (docs/protocol.md 1.6).
            simulation.calls.append(replace(call, result_code=refused.code))
            return _respond(_bytes({"result": refused.result()}), {})
        exchange = _Exchange(simulation, request, client_id)
        try:
            fields = Fields.parse(body)
        except RefusedError as refused:
            simulation.calls.append(replace(call, result_code=refused.code))
            return exchange.respond({"result": refused.result()})
        return await self._answer(call, exchange, fields)

    def _authenticate(self, request: Request, body: bytes) -> str:
        client_id = request.headers.get("client-id", "")
        if client_id not in self._keys:
            raise RefusedError("KEY_NOT_FOUND", "No key is known for the client id.")
        time = request.headers.get("request-time", "")
        message = Message("POST", request.url.path, client_id, time, body)
        try:
            verify(message, request.headers.get("signature"), self._keys[client_id])
        except SignatureVerificationError as error:
            raise RefusedError(
                "INVALID_SIGNATURE", f"The signature is invalid: {error}."
            ) from None
        return client_id

    async def _answer(
        self, call: Call, exchange: "_Exchange", fields: Fields
    ) -> Response:
        api, simulation, faults = call.api, self._simulation, self._simulation.faults
        subject = Subject.of(simulation.register, api, exchange.client_id, fields)
        if api == "pay" and subject.payment_request_id:
            faults.meet(subject.payment_request_id)
        exchange.skew_by(subject)
        fault = faults.take(subject.keys, CALL_FAULTS, api)
        fault = fault or faults.take_of_refunds(subject.keys, api)
        if fault is None and subject.payment_request_id:
            fault = faults.take_magic(subject.payment_request_id, api, subject.value)
        answered: Body | None = None
        if fault in INSTEAD:
            answered = INSTEAD[fault]
        elif fault not in {Fault.TIMEOUT_BEFORE, Fault.SERVER_ERROR_BEFORE}:
            answered = self._operate(api, exchange, fields)
            await self._overtake(api, subject)
            if fault is Fault.U_AFTER:
                answered = INSTEAD[Fault.U_BEFORE]
        response = exchange.deliver(answered, fault)
        verdict = None if fault in NO_VERDICT else answered
        code = verdict["result"]["resultCode"] if verdict else None
        simulation.calls.append(
            replace(
                call,
                payment_request_id=subject.payment_request_id,
                result_code=code,
                fault=fault,
            )
        )
        return response

    def _operate(self, api: str, exchange: "_Exchange", fields: Fields) -> Body:
        try:
            exchange.check_path()
            operation = self._simulation.operations.named(api)
            return operation(exchange.client_id, fields, exchange.writer)
        except RefusedError as refused:
            return {"result": refused.result()}

    async def _overtake(self, api: str, subject: Subject) -> None:
        """Send the final notification before the call is answered."""
        simulation = self._simulation
        payment = simulation.register.with_request_id(subject.payment_request_id or "")
        if payment is None:
            return
        faults = simulation.faults
        if api == "pay" and payment.payable:
            if not faults.take(subject.keys, {Fault.PAID_BEFORE_RESPONSE}):
                return
            simulation.lifecycle.pay(payment)
        elif api == "refund":
            if not faults.waiting(subject.keys, {Fault.REFUND_NOTICE_EARLY}):
                return
            simulation.refunds.catch_up(payment)
        else:
            return
        await simulation.notifier.settle(payment.payment_request_id)


class _Exchange:
    """One call of a known client: signs and delivers its answer."""

    def __init__(
        self, simulation: Simulation, request: Request, client_id: str
    ) -> None:
        self._simulation = simulation
        self._path = request.url.path
        self.client_id = client_id
        self.writer = Writer(self._simulation.config.base_url)
        self._now = self._simulation.clock()

    def skew_by(self, subject: Subject) -> None:
        skew = self._simulation.faults.skew(subject.keys)
        self.writer = Writer(self._simulation.config.base_url, skew)
        self._now += skew

    def check_path(self) -> None:
        """Reject a sandbox client on the production path, and vice versa.

        Raises:
            RefusedError: As for any URL that is not defined.
        """
        sandbox = self._path.startswith("/ams/sandbox/")
        if sandbox != self.client_id.startswith(SANDBOX_CLIENT):
            where = "/ams/sandbox/api" if not sandbox else "/ams/api"
            raise RefusedError("NO_INTERFACE_DEF", f"This client must call {where}.")

    def respond(self, body: Body) -> Response:
        content = _bytes(body)
        return _respond(content, self._signed(content))

    def deliver(self, body: Body | None, fault: Fault | None) -> Response:
        """Return the answer, changed by a fault if there is one."""
        config = self._simulation.config
        if fault in {Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER}:
            return hanging(config.timeout_seconds)
        if body is None or fault is Fault.SERVER_ERROR_AFTER:
            return Response("Service Unavailable", 503, media_type="text/plain")
        content = _bytes(body)
        match fault:
            case Fault.CUT:
                return cut(content)
            case Fault.UNSIGNED:
                return _respond(content, {})
            case Fault.BADLY_SIGNED:
                return _respond(content, self._signed(content + b" "))
            case Fault.SLOW:
                answer = _respond(content, self._signed(content))
                return SlowResponse(answer, config.slow_seconds)
        return _respond(content, self._signed(content))

    def _signed(self, content: bytes) -> dict[str, str]:
        config = self._simulation.config
        time = stamp(self._now)
        message = Message("POST", self._path, self.client_id, time, content)
        signature = sign(message, config.private_key, key_version=config.key_version)
        return {
            "client-id": self.client_id,
            "response-time": time,
            "signature": signature,
        }


def _bytes(body: Body) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _respond(content: bytes, headers: dict[str, str]) -> Response:
    return Response(content, 200, headers, media_type=JSON)
