"""The whole system as processes, over real HTTP: shop, Temporal, worker, simulator."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from google.protobuf import json_format
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import WorkflowHandle

from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import System, running_system
from contracts import NoticeView, PaymentOutcome, PaymentView, notice_id, workflow_id
from workflows.cashier_payment import CashierPayment
from workflows.notice import AlipayNotice

pytestmark = pytest.mark.timeout(120)

CANARY_EMAIL = "canary-4711@customer.example"


class Shop:
    """A shop's calls, and its customer's payments."""

    def __init__(self, system: System, http: httpx.AsyncClient) -> None:
        self.system = system
        self.http = http
        self._key = {"Authorization": f"Bearer {system.home.api_key.read_text()}"}

    async def take(self, order_id: str, *, wallet: str = "GCASH") -> httpx.Response:
        """POST /payments, and again while the answer is: not yet."""
        body = {
            "order_id": order_id,
            "amount": {"currency": "PHP", "value": 131400},
            "wallet": wallet,
            "description": "Two cups of coffee",
            "redirect_url": "https://shop.example/return",
            "terminal": {"type": "WEB"},
            "customer": {"email": CANARY_EMAIL},
        }
        while True:
            url = f"{self.system.ports.api_url}/payments"
            response = await self.http.post(url, json=body, headers=self._key)
            if response.status_code not in (202, 503):
                return response

    async def look(self, order_id: str) -> Any:
        url = f"{self.system.ports.api_url}/payments/{order_id}"
        return (await self.http.get(url, headers=self._key)).json()

    async def control(self, path: str) -> Any:
        url = f"{self.system.ports.simulator_url}/control/{path}"
        return (await self.http.get(url)).json()

    async def fault(self, order_id: str, fault: str) -> None:
        url = f"{self.system.ports.simulator_url}/control/faults"
        planned = await self.http.post(url, json={"order_id": order_id, "fault": fault})
        planned.raise_for_status()

    async def at_alipay(self, order_id: str, deed: str) -> None:
        """The customer disputes, or the merchant refunds in the portal; Alipay says so.

        The notifications due for it have been sent when this returns.
        """
        base = f"{self.system.ports.simulator_url}/control"
        done = await self.http.post(f"{base}/payments/{order_id}_1/{deed}")
        done.raise_for_status()
        await self.http.post(f"{base}/settle")

    async def until_created(self, order_id: str) -> None:
        """Wait until Alipay has created the payment, and before it answers slowly."""
        while not any(
            payment["order_id"] == order_id
            for payment in await self.control("payments")
        ):
            pass

    async def pay(self, opened: httpx.Response) -> None:
        """The customer presses Pay, and all notifications due are sent."""
        pressed = await self.http.post(f"{opened.json()['cashier']['url']}/pay")
        assert pressed.status_code == httpx.codes.SEE_OTHER
        await self.http.post(f"{self.system.ports.simulator_url}/control/settle")

    async def payment(
        self, order_id: str
    ) -> WorkflowHandle[CashierPayment, PaymentView]:
        client = await self.system.client()
        return client.get_workflow_handle_for(CashierPayment.run, workflow_id(order_id))

    async def result(self, order_id: str) -> PaymentView:
        handle = await self.payment(order_id)
        return await handle.result(rpc_timeout=timedelta(seconds=60))

    async def held_for(self, order_id: str) -> Any:
        """The amount that the simulator's ledger holds for the order."""
        return (await self.control("ledger"))["net"].get(order_id)


def an_order_id() -> str:
    return f"e2e-{uuid4().hex[:10]}"


@pytest.fixture(scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    home = Home(tmp_path_factory.mktemp("system"))
    async with (
        running_system(home, Ports.free(), keep=True) as system,
        httpx.AsyncClient(timeout=30) as http,
    ):
        yield Shop(system, http)


async def test_an_order_is_paid_from_the_shop_to_the_ledger(shop: Shop) -> None:
    order_id = an_order_id()
    opened = await shop.take(order_id)
    await shop.pay(opened)
    result = await shop.result(order_id)
    assert opened.status_code == httpx.codes.CREATED
    assert result.outcome is PaymentOutcome.PAID
    assert (await shop.look(order_id))["status"] == "PAID"
    assert await shop.held_for(order_id) == {"PHP": 131400}


async def test_the_worker_runs_workflows_without_sandbox_as_in_production(
    shop: Shop,
) -> None:
    """All other tests of this file rest on the same worker (decision 34)."""
    log = (shop.system.home.logs / "worker.log").read_text()
    started = [
        json.loads(line) for line in log.splitlines() if "worker started" in line
    ]
    assert [one["workflow_sandbox"] for one in started] == [False] * len(started)
    assert started


@pytest.mark.slow
async def test_a_worker_in_the_sandbox_takes_a_payment_all_the_same(
    tmp_path: Path,
) -> None:
    settings = {"CASHIER_WORKFLOW_SANDBOX": "true"}
    async with (
        running_system(
            Home(tmp_path), Ports.free(), keep=False, settings=settings
        ) as system,
        httpx.AsyncClient(timeout=30) as http,
    ):
        shop, order_id = Shop(system, http), an_order_id()
        await shop.pay(await shop.take(order_id))
        assert (await shop.result(order_id)).outcome is PaymentOutcome.PAID
    assert '"workflow_sandbox": true' in (system.home.logs / "worker.log").read_text()


async def test_temporal_keeps_closed_payments_longer_than_alipay_resends(
    shop: Shop,
) -> None:
    client = await shop.system.client()
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace="default")
    )
    kept = described.config.workflow_execution_retention_ttl.ToTimedelta()
    assert kept >= timedelta(days=90)


async def test_two_calls_at_once_create_one_payment_at_alipay(shop: Shop) -> None:
    order_id = an_order_id()
    calls = await asyncio.gather(shop.take(order_id), shop.take(order_id))
    payments = [
        payment
        for payment in await shop.control("payments")
        if payment["order_id"] == order_id
    ]
    assert sorted(call.status_code for call in calls) == [200, 201]
    assert calls[0].json() == calls[1].json()
    assert len(payments) == 1


@pytest.mark.parametrize("when", ["before the call", "before paying", "after paying"])
async def test_a_killed_worker_only_delays_the_payment(shop: Shop, when: str) -> None:
    order_id, worker = an_order_id(), shop.system.parts["worker"]
    if when == "before the call":
        assert worker.kill()
    opened = await shop.take(order_id)
    if when == "before paying":
        assert worker.kill()
    await shop.pay(opened)
    if when == "after paying":
        assert worker.kill()
    result = await shop.result(order_id)
    assert result.outcome is PaymentOutcome.PAID
    assert await shop.held_for(order_id) == {"PHP": 131400}


async def test_a_worker_killed_while_alipay_is_slow_creates_no_second_payment(
    shop: Shop,
) -> None:
    order_id, worker = an_order_id(), shop.system.parts["worker"]
    await shop.fault(order_id, "slow")
    taking = asyncio.create_task(shop.take(order_id))
    await shop.until_created(order_id)
    assert worker.kill()
    await shop.pay(await taking)
    result = await shop.result(order_id)
    payments = await shop.control("payments")
    assert result.outcome is PaymentOutcome.PAID
    assert len([one for one in payments if one["order_id"] == order_id]) == 1


async def test_a_worker_that_is_stopped_finishes_its_call_to_alipay(shop: Shop) -> None:
    order_id, worker = an_order_id(), shop.system.parts["worker"]
    await shop.fault(order_id, "slow")
    taking = asyncio.create_task(shop.take(order_id))
    await shop.until_created(order_id)
    assert worker.process is not None
    worker.process.terminate()
    opened = await taking
    calls = [
        call
        for call in (await shop.control("calls"))["calls"]
        if call["payment_request_id"] == f"{order_id}_1"
    ]
    assert opened.json()["cashier"] is not None
    assert [call["api"] for call in calls] == ["pay"]


async def test_a_forged_notification_changes_nothing(shop: Shop) -> None:
    order_id = an_order_id()
    opened = await shop.take(order_id)
    await shop.fault(order_id, "notification_forged")
    await shop.pay(opened)
    result = await shop.result(order_id)
    sent = (await shop.control(f"payments/{order_id}_1"))["notifications"]
    answers = {
        bool(one["forged"]): [delivery["status"] for delivery in one["deliveries"]]
        for one in sent
    }
    assert result.outcome is PaymentOutcome.PAID
    assert 401 in answers[True]
    assert 200 not in answers[True]
    assert answers[False][-1] == httpx.codes.OK


async def test_a_dispute_and_a_refund_in_the_portal_are_kept_for_a_person(
    shop: Shop,
) -> None:
    order_id = an_order_id()
    await shop.pay(await shop.take(order_id))
    paid = await shop.result(order_id)
    for deed in ("dispute", "refund"):
        await shop.at_alipay(order_id, deed)
    sent = (await shop.control(f"payments/{order_id}_1"))["notifications"]
    client = await shop.system.client()
    kept = {}
    for one in sent[1:]:
        notice: WorkflowHandle[AlipayNotice, NoticeView] = client.get_workflow_handle(
            notice_id(one["body"].encode()), result_type=NoticeView
        )
        view = await notice.result(rpc_timeout=timedelta(seconds=60))
        kept[view.notify_type] = [each["status"] for each in one["deliveries"]]
    assert paid.outcome is PaymentOutcome.PAID
    assert kept == {"DISPUTE_CREATED": [200], "REFUND_RESULT": [200]}
    assert (await shop.look(order_id))["status"] == "PAID"


async def test_history_and_logs_have_no_secrets(shop: Shop) -> None:
    order_id = an_order_id()
    await shop.pay(await shop.take(order_id))
    await shop.result(order_id)
    history = (await (await shop.payment(order_id)).fetch_history()).to_json()
    home = shop.system.home
    written = history + "".join(
        file.read_text(errors="replace") for file in _logs(home.logs)
    )
    private = "".join(home.merchant_key.read_text().splitlines()[1:-1])
    [payload_key] = home.payload_keys.glob("*.key")
    for secret in (
        home.api_key.read_text(),
        home.operator_password.read_text(),
        payload_key.read_text().strip(),
        private[:40],
        private[-40:],
        CANARY_EMAIL,
    ):
        assert secret not in written


async def test_the_database_has_no_personal_data(shop: Shop) -> None:
    order_id = an_order_id()
    await shop.pay(await shop.take(order_id))
    await shop.result(order_id)
    folder = shop.system.home.folder
    stored = b"".join(file.read_bytes() for file in folder.glob("temporal.sqlite*"))
    assert order_id.encode() in stored
    assert CANARY_EMAIL.encode() not in stored


async def test_the_codec_server_shows_a_payment_after_login(
    shop: Shop,
) -> None:
    order_id, home = an_order_id(), shop.system.home
    opened = await shop.take(order_id)
    history = await (await shop.payment(order_id)).fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    body = json_format.MessageToJson(started.input)
    url, ui = shop.system.ports.codec_url, shop.system.ports.ui_url
    async with httpx.AsyncClient(base_url=url, headers={"Origin": ui}) as browser:
        refused = await browser.post("/codec/decode", content=body)
        form = {"name": "operator", "password": home.operator_password.read_text()}
        await browser.post("/login", data=form, headers={"Origin": url})
        shown = await browser.post("/codec/decode", content=body)
    [order] = shown.json()["payloads"]
    assert opened.status_code == httpx.codes.CREATED
    assert refused.status_code == httpx.codes.UNAUTHORIZED
    assert CANARY_EMAIL in base64.b64decode(order["data"]).decode()


def _logs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.log"))


@pytest.mark.slow
async def test_a_payment_survives_a_restart_of_everything(tmp_path: Path) -> None:
    home, ports, order_id = Home(tmp_path), Ports.free(), an_order_id()
    async with httpx.AsyncClient(timeout=30) as http:
        async with running_system(home, ports, keep=True) as system:
            opened = await Shop(system, http).take(order_id)
        async with running_system(home, ports, keep=True) as system:
            shop = Shop(system, http)
            await shop.pay(opened)
            result = await shop.result(order_id)
    assert result.outcome is PaymentOutcome.PAID
