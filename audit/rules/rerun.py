"""Runs the activities again, on Alipay's recorded answers.

The verifier has no rules of its own for the results of activities: the activities
themselves verify and read the recorded answer, as they did then.
"""

from dataclasses import dataclass, replace
from typing import Any, cast

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.order_refunds import OrderRefundActivities
from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from alipay.client import AlipayClient
from alipay.errors import UnprovenResponseError
from alipay.keys.rsa import AlipayKeys
from audit.history.answers import LOOK
from contracts import AlipayAnswer, Contract, Evidence

NOWHERE = "https://alipay.invalid"


class NotProvenError(Exception):
    """Alipay's signature does not prove the recorded answer."""


class NoVerdictRecordedError(Exception):
    """The recorded answer would not have completed the activity."""


@dataclass(frozen=True)
class RerunResult:
    """The result of an activity that ran again on a recorded answer.

    Attributes:
        answer: The result of the activity, without evidence.
        path, body: The request that it would have sent.
    """

    answer: AlipayAnswer
    path: str
    body: bytes


class _RecordedWire(httpx.AsyncBaseTransport):
    """An HTTP transport that returns the recorded answer, and keeps the request."""

    def __init__(self) -> None:
        self.evidence: Evidence | None = None
        self.sent: httpx.Request | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent = request
        assert self.evidence is not None  # noqa: S101 - set before each call
        answer = self.evidence.answer
        headers = {
            "signature": answer.signature,
            "response-time": answer.time,
            "client-id": answer.client_id,
        }
        given = {name: value for name, value in headers.items() if value}
        return httpx.Response(200, headers=given, content=answer.body.encode())


class _NoKey:
    """A signer that does not sign, because nothing is sent."""

    def sign(self, *_: object) -> bytes:
        return b""


class ActivityRerun:
    """Runs any merchant's activities against recorded answers; nothing is sent."""

    def __init__(self, alipay_keys: AlipayKeys) -> None:
        self._wire = _RecordedWire()
        self._http = httpx.AsyncClient(transport=self._wire, trust_env=False)
        self._alipay_keys = alipay_keys
        self._known: dict[str, dict[str, Any]] = {}

    async def run_again(
        self, activity: str, call: Contract, evidence: Evidence, *, attempt: int
    ) -> RerunResult:
        """Return the activity's result for the recorded answer of Alipay.

        Args:
            activity: Its name.
            call: Its input.
            evidence: Request and answer as recorded.
            attempt: The number of the attempt that got this answer, from 1.

        Raises:
            NotProvenError: Alipay's signature does not match.
            NoVerdictRecordedError: The recorded answer would not complete the activity.
        """
        self._wire.evidence, self._wire.sent = evidence, None
        environment = ActivityEnvironment()
        environment.info = replace(environment.info, attempt=attempt)
        method = self._activities(evidence.request.client_id)[activity]
        try:
            answer: AlipayAnswer = await environment.run(method, call)
        except ApplicationError as error:
            if error.type == UnprovenResponseError.__name__:
                raise NotProvenError(error.message) from None
            raise NoVerdictRecordedError(error.message) from None
        except (ValueError, TypeError) as odd:
            # A header or a body that no server can send.
            raise NoVerdictRecordedError(type(odd).__name__) from None
        sent = self._wire.sent
        return RerunResult(
            answer.model_copy(update={"evidence": None}),
            sent.url.path if sent else "",
            sent.content if sent else b"",
        )

    def _activities(self, client_id: str) -> dict[str, Any]:
        if client_id not in self._known:
            client = AlipayClient(
                self._http,
                host=NOWHERE,
                client_id=client_id,
                private_key=cast(RSAPrivateKey, _NoKey()),
                alipay_keys=self._alipay_keys,
            )
            payments = PaymentActivities(client, notify_url=NOWHERE)
            refunds = RefundActivities(client)
            order_refunds = OrderRefundActivities(client, notify_url=NOWHERE)
            # There are few merchants; with forged ids the cache is cleared.
            self._known = {
                client_id: {
                    "pay": payments.pay,
                    "inquire_payment": payments.inquire_payment,
                    "cancel_payment": payments.cancel_payment,
                    "refund_payment": refunds.refund_payment,
                    "inquire_refund": refunds.inquire_refund,
                    LOOK: order_refunds.look,
                }
            }
        return self._known[client_id]
