"""The signed call to Alipay: what it proves, and what each refusal means."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import repeat

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from alipay.keys.files import read_private_key
from alipay.keys.rsa import load_public_key, one_line_public_key
from cashier.doctor.checks.alipay import IMPOSSIBLE_ID, check_alipay
from cashier.doctor.checks.clock import check_clock, time_of
from cashier.doctor.checks.findings import Finding, State
from cashier.system.home import CLIENT_ID, Home, write_public_key
from settings.worker import WorkerSettings
from simulator.app import create_app
from simulator.config import SimulatorConfig
from tests.cashier.doctor.checking import (
    answering,
    assert_wrong,
    lines_of,
    worker_settings,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def simulated(home: Home, *, now: datetime | None = None) -> httpx.AsyncClient:
    """Return connections to a simulated Alipay that knows the home's merchant."""
    config = SimulatorConfig(
        private_key=read_private_key(home.simulator_key),
        clients={
            file.stem: load_public_key(file.read_text())
            for file in home.simulator_merchants.glob("*.pem")
        },
        base_url="http://alipay.example",
    )
    app = create_app(config, clock=lambda: now or datetime.now(UTC))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app))


async def call_of(settings: WorkerSettings, http: httpx.AsyncClient) -> Finding:
    async with http:
        return (await lines_of(check_alipay(settings, http)))["call"]


def a_new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


async def test_one_call_proves_client_id_host_path_and_both_signatures(
    home: Home,
) -> None:
    async with simulated(home) as http:
        lines = await lines_of(check_alipay(worker_settings(home), http))
    assert {name: one.state for name, one in lines.items()} == {
        "call": State.OK,
        "clock": State.OK,
    }
    assert CLIENT_ID in lines["call"].why


async def test_what_is_asked_about_is_no_attempt_of_any_order(home: Home) -> None:
    asked = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["paymentRequestId"])
        return httpx.Response(503)

    await call_of(worker_settings(home), answering(note))
    [name] = asked
    # An attempt's id is its order's, `_` and a number.
    assert name.startswith(IMPOSSIBLE_ID)
    assert "_" not in name


async def test_a_private_key_that_the_dashboard_does_not_know_is_named(
    home: Home,
) -> None:
    write_public_key(a_new_key(), home.simulator_merchants / f"{CLIENT_ID}.pem")
    settings = worker_settings(home)
    found = await call_of(settings, simulated(home))
    ours = one_line_public_key(settings.private_key.public_key())
    assert_wrong(found, "CASHIER_PRIVATE_KEY_FILE", "CASHIER_KEY_VERSION", ours)


async def test_a_key_version_that_the_dashboard_does_not_know_is_named(
    home: Home,
) -> None:
    settings = worker_settings(home, key_version=7)
    found = await call_of(settings, simulated(home))
    assert_wrong(found, "CASHIER_KEY_VERSION", "version 7")


async def test_a_client_id_that_alipay_does_not_know_is_named(home: Home) -> None:
    settings = worker_settings(home, client_id="SANDBOX_OF_SOMEBODY_ELSE")
    assert_wrong(await call_of(settings, simulated(home)), "CASHIER_CLIENT_ID")


async def test_a_wrong_public_key_of_alipay_is_named(home: Home) -> None:
    write_public_key(a_new_key(), home.alipay_keys / "1.pem")
    found = await call_of(worker_settings(home), simulated(home))
    assert_wrong(found, "CASHIER_ALIPAY_KEYS_DIR", "signature does not match")


async def test_a_key_version_of_alipay_that_is_not_here_is_named(home: Home) -> None:
    (home.alipay_keys / "1.pem").rename(home.alipay_keys / "2.pem")
    found = await call_of(worker_settings(home), simulated(home))
    assert_wrong(found, "CASHIER_ALIPAY_KEYS_DIR", "keyVersion 1", "known: 2")


def refused(code: str, status: str = "F") -> httpx.AsyncClient:
    body = {"result": {"resultCode": code, "resultStatus": status}}
    return answering(lambda _: httpx.Response(200, json=body))


@pytest.mark.parametrize(
    ("http", "words"),
    [
        (answering(lambda _: httpx.Response(404)), ("HTTP 404", "something else")),
        (answering(lambda _: httpx.Response(200, text="hi")), ("unexpected shape",)),
        (answering(lambda _: httpx.Response(503)), ("HTTP 503", "firewall")),
        (refused("ORDER_NOT_EXIST"), ("is unsigned",)),
        (refused("SUCCESS", "S"), ("not verifiably signed by Alipay",)),
        (refused("UNKNOWN_EXCEPTION", "U"), ("UNKNOWN_EXCEPTION", "Alipay's status")),
    ],
)
async def test_what_answers_in_alipays_place_is_told(
    home: Home, http: httpx.AsyncClient, words: tuple[str, ...]
) -> None:
    assert_wrong(await call_of(worker_settings(home), http), *words)


async def test_a_host_that_cannot_be_reached_is_named(home: Home) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no such host", request=request)

    settings = worker_settings(home, alipay_host="https://open-nowhere.alipay.com")
    found = await call_of(settings, answering(fail))
    assert_wrong(found, "open-nowhere.alipay.com", "CASHIER_OUTGOING_PROXY")


async def test_a_request_that_cannot_be_sent_at_all_names_the_settings(
    home: Home,
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.UnsupportedProtocol("no such scheme", request=request)

    found = await call_of(worker_settings(home), answering(fail))
    assert_wrong(found, "CASHIER_ALIPAY_HOST")


async def test_a_clock_that_is_off_is_named_with_its_direction(home: Home) -> None:
    for ours, word in (
        (repeat(NOW - timedelta(minutes=3)), "180 s behind"),
        (repeat(NOW + timedelta(minutes=3)), "180 s ahead of"),
    ):
        async with simulated(home, now=NOW) as http:
            found = check_alipay(worker_settings(home), http, now=partial(next, ours))
            assert_wrong((await lines_of(found))["clock"], word, "NTP")


def test_a_slow_answer_is_no_wrong_clock() -> None:
    sent, received = NOW, NOW + timedelta(seconds=50)
    for theirs in (sent, received, sent + timedelta(seconds=20)):
        assert check_clock(theirs.isoformat(), sent, received).state is State.OK


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24T02:00:00-08:00", NOW),
        ("2026-11-24T10:00:00Z", NOW),
        (str(int(NOW.timestamp() * 1000)), NOW),
        ("2026-11-24T10:00:00", None),
        ("soon", None),
        ("9" * 40, None),
        ("", None),
    ],
)
def test_both_forms_of_alipays_time_are_read(
    text: str, moment: datetime | None
) -> None:
    assert time_of(text) == moment
    if moment is None:
        assert check_clock(text, NOW, NOW).state is State.OK
