"""While Temporal or the worker is away: 503, and a repeat is safe."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from api import temporal_calls
from api.payments import workflows
from cashier.system.temporal import guarded_program, start_embedded
from contracts import workflow_id
from temporal_client import DATA_CONVERTER
from tests.api.payments.unreadable import PaymentThatCannotBeRead
from tests.api.running import Shop, paid_notification, settings_in
from tests.builders import a_page
from tests.fakes import FakeAlipay
from tests.samples.reading import sample


def assert_unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "UNAVAILABLE"


@pytest.fixture
async def cut_off(
    tmp_path: Path, merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> AsyncIterator[Shop]:
    """An API whose Temporal refuses every connection."""
    client = await Client.connect(
        "127.0.0.1:1", lazy=True, data_converter=DATA_CONVERTER
    )
    settings = settings_in(tmp_path, alipay_key)
    shop = Shop(settings, client, alipay_key)
    async with shop.http:
        yield shop


async def test_without_temporal_a_call_says_so(cut_off: Shop) -> None:
    body = cut_off.sells(FakeAlipay(pay=[a_page()]))
    assert_unavailable(await cut_off.http.post("/payments", json=body))
    path = f"/payments/{body['order_id']}"
    assert_unavailable(await cut_off.http.get(path))
    assert_unavailable(await cut_off.http.get(path, params={"refresh": "1"}))
    assert_unavailable(await cut_off.http.post(f"{path}/cancel"))


async def test_without_temporal_no_notification_is_acknowledged(cut_off: Shop) -> None:
    assert_unavailable(await cut_off.notified(paid_notification("order-1")))
    assert_unavailable(await cut_off.notified(sample("60")))


async def test_without_temporal_the_api_lives_and_is_not_ready(cut_off: Shop) -> None:
    assert (await cut_off.http.get("/health/live")).status_code == 200
    assert_unavailable(await cut_off.http.get("/health/ready"))


async def test_without_a_worker_a_call_says_so_and_a_notification_is_kept(
    tmp_path: Path,
    alipay_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The real patience is made for people, and waited for in full.
    monkeypatch.setattr(workflows, "PATIENCE", timedelta(seconds=0.5))
    monkeypatch.setattr(temporal_calls, "QUICK", timedelta(seconds=0.5))
    settings = settings_in(tmp_path, alipay_key)
    async with await start_embedded() as env:
        shop = Shop(settings, env.client, alipay_key)
        body = shop.sells(FakeAlipay(pay=[a_page()]))
        async with shop.http as http:
            assert_unavailable(await http.get("/health/ready"))
            assert_unavailable(await http.post("/payments", json=body))
            assert_unavailable(await http.get(f"/payments/{body['order_id']}"))
            # The payment has begun, and Temporal keeps what happens to it.
            notified = await shop.notified(paid_notification(body["order_id"]))
            assert notified.status_code == 200


async def test_a_payment_that_cannot_be_read_is_unavailable_and_no_defect(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    queue, order_id = f"failing-{uuid4()}", f"unreadable-{uuid4().hex}"
    kinds = [PaymentThatCannotBeRead]
    async with Worker(shop.client, task_queue=queue, workflows=kinds):
        handle = await shop.client.start_workflow(
            PaymentThatCannotBeRead.run, id=workflow_id(order_id), task_queue=queue
        )
        answer = await shop.http.get(f"/payments/{order_id}")
        await handle.terminate()
    assert_unavailable(answer)
    assert "quotes a payload" not in answer.text + caplog.text


async def test_a_cluster_that_was_not_set_up_is_named_as_such(
    tmp_path: Path, alipay_key: RSAPrivateKey
) -> None:
    settings = settings_in(tmp_path, alipay_key)
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=guarded_program(), data_converter=DATA_CONVERTER
    ) as env:
        shop = Shop(settings, env.client, alipay_key)
        async with shop.http:
            body = shop.sells(FakeAlipay(pay=[a_page()]))
            opened = await shop.http.post("/payments", json=body)
            notified = await shop.notified(sample("60"))
    for response in (opened, notified):
        assert_unavailable(response)
        assert "cashier setup" in response.json()["detail"]
