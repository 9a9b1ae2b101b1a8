"""Runs the real activities, on the real client, against a scripted gateway."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.activity import Info
from temporalio.testing import ActivityEnvironment

from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from alipay.client import AlipayClient
from contracts import Order, PayCall
from tests.alipay.gateway import Answering, a_client

NOTIFY_URL = "https://api.example/alipay/notifications/payment"

CallT = TypeVar("CallT")
AnswerT = TypeVar("AnswerT")


class Asking:
    """The activities of one merchant, and the requests they sent."""

    def __init__(self, merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey) -> None:
        self.merchant_key = merchant_key
        self.alipay_key = alipay_key
        self.sent: list[httpx.Request] = []

    def activities(self, answering: Answering) -> PaymentActivities:
        return PaymentActivities(self._client(answering), notify_url=NOTIFY_URL)

    def refunds(self, answering: Answering) -> RefundActivities:
        return RefundActivities(self._client(answering))

    def _client(self, answering: Answering) -> AlipayClient:
        def noting(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            return answering(request)

        return a_client(noting, self.merchant_key, self.alipay_key)


async def run(
    activity: Callable[[CallT], Awaitable[AnswerT]],
    call: CallT,
    *,
    attempt: int = 1,
    info: Info | None = None,
) -> AnswerT:
    """Run an activity as Temporal does, on its n-th attempt."""
    env = ActivityEnvironment()
    env.info = replace(info or env.info, attempt=attempt)
    return await env.run(activity, call)


def called_by(workflow: str | None, kind: str = "LatePayment", **changes: Any) -> Info:
    """Return the activity info of a call by this workflow."""
    caller = {
        "workflow_id": workflow,
        "workflow_run_id": "run" if workflow else None,
        "workflow_type": kind if workflow else None,
    }
    return replace(ActivityEnvironment().info, **{**caller, **changes})


def a_pay_call(
    order: Order, *, number: int = 1, expires_at: datetime | None = None
) -> PayCall:
    return PayCall(
        order=order,
        payment_request_id=f"{order.order_id}_{number}",
        wallet=order.wallet,
        expires_at=expires_at,
    )
