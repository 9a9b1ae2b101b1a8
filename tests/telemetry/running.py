"""API, worker and simulator in this process, on a real Temporal, all of it watched."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.client import Client

from activities.callbacks import CallbackActivities
from activities.shop.earlier_events import EarlierEvents
from activities.shop.paid_events import ProvenPaidEvents
from alipay.client import AlipayClient
from alipay.keys.rsa import AlipayKeys
from api.app import create_app
from api.metrics.backlog import Backlog
from api.metrics.served import served_metrics
from cashier.system.ports import HOST, free_port
from contracts import PaymentView, workflow_id
from simulator import app as simulator_app
from simulator.config import SimulatorConfig
from telemetry.runtime import start_runtime
from telemetry.spans import GuardedExporter, Tracing
from temporal_client import DATA_CONVERTER
from tests.api.running import API_KEY, CLIENT_ID, settings_in
from tests.builders import an_order, as_a_shop_sends_it
from worker import build_worker, show_counters

NOTIFY_URL = "https://shop.example/alipay/notifications/payment"
CANARY_EMAIL = "canary-4711@customer.example"


def free_address() -> str:
    return f"{HOST}:{free_port()}"


@dataclass
class Watched:
    """A shop's view of the system, and an operator's."""

    client: Client
    api: httpx.AsyncClient
    alipay: httpx.AsyncClient
    spans: InMemorySpanExporter
    worker_metrics: str
    api_metrics: str

    async def opens(self, **changes: Any) -> dict[str, Any]:
        """Open a payment of a new order; return the answer's body."""
        body = as_a_shop_sends_it(an_order())
        body["customer"] = {"email": CANARY_EMAIL}
        answer = await self.api.post("/payments", json={**body, **changes})
        assert answer.status_code == 201, answer.text
        opened: dict[str, Any] = answer.json()
        return opened

    async def pays(self, opened: dict[str, Any]) -> PaymentView:
        """The customer pays, Alipay notifies, and the payment ends."""
        await self.alipay.post(f"{opened['cashier']['url']}/pay")
        await self.alipay.post("/control/settle")
        handle = self.client.get_workflow_handle(
            workflow_id(opened["order_id"]), result_type=PaymentView
        )
        result = await handle.result(rpc_timeout=timedelta(seconds=20))
        return PaymentView.model_validate(result)

    async def fault(self, order_id: str, fault: str) -> None:
        plan = {"order_id": order_id, "fault": fault}
        (await self.alipay.post("/control/faults", json=plan)).raise_for_status()

    async def scrape(self, address: str) -> str:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://{address}/metrics")
        assert answer.status_code == 200
        return answer.text


@asynccontextmanager
async def watched_system(
    temporal: Client, folder: Path, merchant: RSAPrivateKey, alipay: RSAPrivateKey
) -> AsyncIterator[Watched]:
    """Run everything until the block ends; the wires between are in memory."""
    worker_metrics, api_metrics = free_address(), free_address()
    spans = InMemorySpanExporter()
    tracing = Tracing("tests", SimpleSpanProcessor(GuardedExporter(spans)))
    runtime = start_runtime(worker_metrics)
    client = await Client.connect(
        temporal.service_client.config.target_host,
        data_converter=DATA_CONVERTER,
        runtime=runtime,
        interceptors=[tracing.interceptor],
    )
    show_counters(runtime, client.namespace)
    settings = settings_in(folder, alipay)
    app = create_app(settings.model_copy(update={"notify_url": NOTIFY_URL}), client)
    tracing.watch_app(app)
    simulated = simulator_app.create_app(
        SimulatorConfig(
            private_key=alipay,
            clients={CLIENT_ID: merchant.public_key()},
            base_url="http://wallet.example",
            refund_notify_url=NOTIFY_URL,
        ),
        transport=httpx.ASGITransport(app),
    )
    wire = httpx.ASGITransport(simulated)
    async with (
        simulated.router.lifespan_context(simulated),
        httpx.AsyncClient(transport=wire) as to_alipay,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://api.test",
            headers={"Authorization": f"Bearer {API_KEY}"},
        ) as shop,
        httpx.AsyncClient(transport=wire, base_url="http://wallet.example") as customer,
        served_metrics(api_metrics, Backlog(client)),
    ):
        tracing.watch_client(to_alipay)
        caller = AlipayClient(
            to_alipay,
            host="https://alipay.example",
            client_id=CLIENT_ID,
            private_key=merchant,
            alipay_keys=AlipayKeys({"1": alipay.public_key()}),
        )
        callbacks = CallbackActivities(
            to_alipay,
            url=None,
            secrets=list,
            earlier=EarlierEvents(client),
            paid=ProvenPaidEvents(caller, client),
        )
        async with build_worker(
            client, caller, callbacks, notify_url=NOTIFY_URL, sandbox=True
        ):
            yield Watched(client, shop, customer, spans, worker_metrics, api_metrics)
