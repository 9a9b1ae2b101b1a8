"""Calls a second: one limit for all workers of the queue."""

import asyncio
import time
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.callbacks import CallbackActivities
from activities.shop.earlier_events import EarlierEvents
from activities.shop.paid_events import ProvenPaidEvents
from alipay.client import AlipayClient
from alipay.keys.rsa import AlipayKeys
from contracts import TASK_QUEUE, workflow_id
from temporal_client import DATA_CONVERTER
from tests.builders import an_order
from tests.cashier.operating import a_client
from tests.signing import CLIENT_ID
from worker import build_worker
from workflows.cashier_payment import CashierPayment

CALLS_A_SECOND = 4
PAYMENTS = 20


class Gateway:
    """Answers nothing of use, and notes when each call came."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.enough = asyncio.Event()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.at.append(time.monotonic())
        if len(self.at) >= PAYMENTS:
            self.enough.set()
        return httpx.Response(500)


def a_worker(client: Client, http: httpx.AsyncClient, key: RSAPrivateKey) -> Worker:
    alipay = AlipayClient(
        http,
        host="https://alipay.example",
        client_id=CLIENT_ID,
        private_key=key,
        alipay_keys=AlipayKeys({"1": key.public_key()}),
    )
    callbacks = CallbackActivities(
        http,
        url=None,
        secrets=list,
        earlier=EarlierEvents(client),
        paid=ProvenPaidEvents(alipay, client),
    )
    return build_worker(
        client,
        alipay,
        callbacks,
        notify_url="https://shop.example/alipay/notifications/payment",
        sandbox=True,
        activities_per_second=CALLS_A_SECOND,
    )


async def test_two_workers_share_one_limit_of_calls_a_second(
    dev_server: WorkflowEnvironment, merchant_key: RSAPrivateKey
) -> None:
    gateway = Gateway()
    client = await a_client(dev_server)
    # Two workers of one queue are two processes: here they have a client each.
    other = await Client.connect(
        client.service_client.config.target_host,
        namespace=client.namespace,
        data_converter=DATA_CONVERTER,
    )
    transport = httpx.MockTransport(gateway.answer)
    async with httpx.AsyncClient(transport=transport) as http:
        started = [
            await client.start_workflow(
                CashierPayment.run,
                order,
                id=workflow_id(order.order_id),
                task_queue=TASK_QUEUE,
            )
            for order in (an_order(order_id=uuid4().hex) for _ in range(PAYMENTS))
        ]
        async with (
            a_worker(client, http, merchant_key),
            a_worker(other, http, merchant_key),
        ):
            async with asyncio.timeout(60):
                await gateway.enough.wait()
            for one in started:
                await one.terminate()
    # A burst of two seconds' calls is let through at first, as was measured.
    took = gateway.at[PAYMENTS - 1] - gateway.at[0]
    assert took >= (PAYMENTS - 3 * CALLS_A_SECOND) / CALLS_A_SECOND
