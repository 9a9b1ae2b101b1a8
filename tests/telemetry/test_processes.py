"""The real processes: their ports, their logs, one trace through all of them."""

import json
from pathlib import Path

import httpx
import pytest

from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import running_system
from contracts import PaymentOutcome
from tests.telemetry.collecting import collecting
from tests.telemetry.test_metrics import value_of
from tests.test_end_to_end import CANARY_EMAIL, Shop, an_order_id

pytestmark = pytest.mark.timeout(120)


@pytest.mark.slow
async def test_the_processes_are_watched_and_keep_their_secrets(tmp_path: Path) -> None:
    home, ports, order_id = Home(tmp_path), Ports.free(), an_order_id()
    with collecting() as collector:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        async with (
            httpx.AsyncClient(timeout=30) as http,
            running_system(home, ports, keep=True, settings=traced) as system,
        ):
            shop = Shop(system, http)
            opened = await shop.take(order_id)
            await shop.pay(opened)
            result = await shop.result(order_id)
            worker, api = [
                (await http.get(f"http://127.0.0.1:{port}/metrics")).text
                for port in (ports.metrics, ports.api_metrics)
            ]
        # The processes have ended, and sent their last spans before.
        spans = list(collector.spans)
    assert result.outcome is PaymentOutcome.PAID
    paid = value_of(worker, "cashier_payments_closed_total", outcome="PAID")
    assert paid == 1
    assert value_of(api, "cashier_page_seconds_count", wallet="GCASH") == 1
    assert value_of(api, "cashier_visibility_up") == 1

    [page] = (span for span in spans if span.name == "POST /payments")
    trace = {(span.service, span.name) for span in spans if span.trace == page.trace}
    assert {
        ("cashier-api", "POST /payments"),
        ("cashier-worker", "RunWorkflow:CashierPayment"),
        ("cashier-worker", "RunActivity:pay"),
        ("cashier-worker", "Alipay pay"),
        ("cashier-worker", "CompleteWorkflow:CashierPayment"),
    } <= trace

    lines = [
        json.loads(line)
        for name in ("api", "worker", "simulator")
        for line in (home.logs / f"{name}.log").read_text().splitlines()
    ]
    of_order = [line for line in lines if line.get("order_id") == order_id]
    assert {line["service"] for line in of_order} == {"api", "worker"}
    [asked] = (line for line in of_order if line.get("activity") == "pay")
    assert asked["trace_id"] == page.trace
    assert asked["result_code"] == "PAYMENT_IN_PROCESS"

    told = json.dumps(lines) + worker + api + str(spans)
    token = opened.json()["cashier"]["url"].rpartition("/")[2]
    private = home.merchant_key.read_text().splitlines()[1]
    secrets = [home.api_key.read_text(), private, CANARY_EMAIL, token]
    secrets += [file.read_text().strip() for file in home.payload_keys.glob("*.key")]
    assert [secret for secret in secrets if secret in told] == []
