"""What the endpoints show after payments, and that nothing stops for their sake."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError
from temporalio.client import Client

from api.metrics.backlog import Backlog
from api.metrics.served import served_metrics
from api.settings import ApiSettings
from telemetry.runtime import start_runtime
from tests.api.running import settings_in
from tests.builders import an_order, as_a_shop_sends_it
from tests.telemetry.running import Watched, free_address


def value_of(text: str, name: str, **labels: str) -> float | None:
    """The sum of the samples of that name that have these labels, and perhaps more."""
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


async def test_a_paid_payment_is_counted_by_outcome_and_wallet(
    watched: Watched,
) -> None:
    labels = {"outcome": "PAID", "wallet": "GCASH"}
    before = await watched.scrape(watched.worker_metrics)
    await watched.pays(await watched.opens())
    after = await watched.scrape(watched.worker_metrics)
    counter, told = (
        "cashier_payments_closed_total",
        "cashier_notification_to_paid_seconds",
    )
    # It is there before the first event, or Prometheus would miss that one.
    assert value_of(before, counter, **labels) is not None
    assert value_of(after, counter, **labels) == (
        (value_of(before, counter, **labels) or 0) + 1
    )
    assert value_of(after, f"{told}_count") == (
        (value_of(before, f"{told}_count") or 0) + 1
    )
    # One series: what we begin at zero and what workflows count must not differ.
    assert after.count('outcome="PAID",service_name') == before.count(
        'outcome="PAID",service_name'
    )


async def test_a_page_is_measured_by_wallet_and_result(watched: Watched) -> None:
    name = "cashier_page_seconds_count"
    before = await watched.scrape(watched.api_metrics)
    body = as_a_shop_sends_it(an_order())
    for changes in ({}, {}, {"amount": {"currency": "PHP", "value": 99900}}):
        await watched.api.post("/payments", json={**body, **changes})
    await watched.api.post("/payments", json={**body, "wallet": "x" * 50})
    after = await watched.scrape(watched.api_metrics)
    for result in ("created", "repeated", "refused"):
        labels = {"wallet": "GCASH", "result": result}
        assert value_of(after, name, **labels) == (
            (value_of(before, name, **labels) or 0) + 1
        )
    # A wallet of the caller's own making asked for no page, and makes no series.
    assert "xxxx" not in after
    assert "/payments" in after


async def test_notifications_are_counted_accepted_or_rejected(
    watched: Watched,
) -> None:
    before = await watched.scrape(watched.api_metrics)
    await watched.pays(await watched.opens())
    await watched.api.post("/alipay/notifications/payment", content=b"{}")
    after = await watched.scrape(watched.api_metrics)
    for name in (
        "cashier_notifications_accepted_total",
        "cashier_notifications_rejected_total",
    ):
        assert value_of(after, name) == (value_of(before, name) or 0) + 1


async def test_each_type_of_notice_begins_at_zero(watched: Watched) -> None:
    shown = await watched.scrape(watched.api_metrics)
    for notify_type in ("refund_result", "dispute_created", "other"):
        labels = {"notify_type": notify_type}
        assert value_of(shown, "cashier_notices_kept_total", **labels) is not None


async def test_the_public_face_shows_no_metrics(watched: Watched) -> None:
    assert (await watched.api.get("/metrics")).status_code == httpx.codes.NOT_FOUND


async def test_a_taken_port_stops_neither_worker_nor_api(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert start_runtime(address) is not None
        async with served_metrics(address, Backlog(watched.client)):
            pass
    said = [one.getMessage() for one in caplog.records]
    assert len([one for one in said if "metrics are off" in one]) == 2


async def test_without_temporal_the_scrape_says_so_and_does_not_fail() -> None:
    away = await Client.connect(free_address(), lazy=True)
    address = free_address()
    async with served_metrics(address, Backlog(away)), httpx.AsyncClient() as http:
        answer = await http.get(f"http://{address}/metrics", timeout=20)
    assert answer.status_code == 200
    assert value_of(answer.text, "cashier_visibility_up") == 0
    # Not known is not the same as none.
    assert value_of(answer.text, "cashier_payments_open") is None
    assert value_of(answer.text, "cashier_payments_stuck") is None


async def test_metrics_end_with_the_api(watched: Watched) -> None:
    address = free_address()
    async with served_metrics(address, Backlog(watched.client)):
        assert "cashier_visibility_up" in await watched.scrape(address)
    host, _, port = address.rpartition(":")
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(host, int(port))


@pytest.mark.parametrize("wrong", ["9465", ":9465", "127.0.0.1:", "127.0.0.1:99999"])
def test_a_wrong_address_is_named_with_its_rule(
    wrong: str, alipay_key: RSAPrivateKey, tmp_path: Path
) -> None:
    sound = settings_in(tmp_path, alipay_key).model_dump(exclude_unset=True)
    with pytest.raises(ValidationError, match=r"api_metrics_address\n.*host:port"):
        ApiSettings(**{**sound, "api_metrics_address": wrong})
