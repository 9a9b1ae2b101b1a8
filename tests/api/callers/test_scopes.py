"""Who may call what: 401, 403 and 429, each told to the caller and to the audit log."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from fastapi.responses import StreamingResponse
from prometheus_client import REGISTRY
from starlette.types import Message

from api.callers.keys import ApiKey, Scope, new_key
from api.callers.refusals import (
    LINES_A_MINUTE,
    LINES_AT_ONCE,
    Reason,
    Refusal,
    RefusalLog,
)
from api.callers.scopes import MAY_FOLLOW
from telemetry.access import Call
from telemetry.logs import start_logging
from tests.api.keyed import KeyedApi, keyed_api
from tests.api.running import NOTIFICATIONS
from tests.codec.keys import Clocks

# What each call needs; an order that cannot be one shows that the caller got so far.
NEEDS = {
    "POST /payments": Scope.START,
    "GET /payments/a%20b": Scope.READ,
    "GET /payments/a%20b/events": Scope.READ,
    "GET /wallets?currency=philippine": Scope.READ,
    "POST /payments/a%20b/cancel": Scope.CANCEL,
    "POST /payments/a%20b/refunds": Scope.REFUND,
    "GET /payments/a%20b/refunds": Scope.READ,
    "GET /payments/a%20b/refunds/r-1": Scope.READ,
    "POST /payments/a%20b/refunds/r-1/confirm": Scope.REFUND,
}
OPEN = {
    f"POST {NOTIFICATIONS}",
    "POST /alipay/notifications/refund",
    "POST /alipay/notifications/refund/{order_id}",
    "GET /health/live",
    "GET /health/ready",
}


@pytest.fixture
async def api(tmp_path: Path, alipay_key: RSAPrivateKey) -> AsyncIterator[KeyedApi]:
    async with keyed_api(tmp_path, alipay_key, api_streams_per_key=1) as api:
        yield api


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the audit log was told so far: the fields of each line."""
    lines = [record for record in caplog.records if record.name == "api.refusals"]
    assert all(record.levelno == logging.WARNING for record in lines)
    assert all(record.getMessage() == "call refused" for record in lines)
    return [vars(record) for record in lines]


def refused(reason: Reason) -> float:
    labels = {"reason": reason.value}
    return REGISTRY.get_sample_value("cashier_calls_refused_total", labels) or 0


@pytest.mark.parametrize("call", NEEDS)
async def test_a_call_needs_its_scope_and_no_other(call: str, api: KeyedApi) -> None:
    for scope in Scope:
        key = api.gives(f"only-{scope}", [scope])
        answer = await api.call(key, call)
        if scope is NEEDS[call]:
            assert answer.status_code == 422
            continue
        assert answer.status_code == 403
        problem = answer.json()
        assert problem["code"] == "FORBIDDEN"
        assert f"`{NEEDS[call]}`" in problem["detail"]
        assert f"`only-{scope}`" in problem["detail"]
        assert key not in answer.text


async def test_every_call_needs_a_key_but_alipays_and_those_of_health(
    api: KeyedApi,
) -> None:
    paths: dict[str, dict[str, Any]] = api.app.openapi()["paths"]
    calls = {
        f"{method.upper()} {path}": says
        for path, methods in paths.items()
        for method, says in methods.items()
    }
    assert len(calls) == len(NEEDS) + len(OPEN)
    for call, says in calls.items():
        answer = await api.call(None, call.format(order_id="coffee-1", refund_id="r-1"))
        is_open = call in OPEN
        assert (answer.json().get("code") == "UNAUTHORIZED") is not is_open, call
        assert ("security" in says) is not is_open, call


async def test_a_key_that_ended_is_told_so(api: KeyedApi) -> None:
    now = datetime.now(UTC)
    ended = api.gives("shop", ends_at=now - timedelta(seconds=1))
    answer = await api.call(ended)
    assert answer.status_code == 401
    assert "`shop` ended at 20" in answer.json()["detail"]
    assert (await api.call(api.gives("shop"))).status_code == 200


async def test_too_many_calls_are_a_429_with_a_time(api: KeyedApi) -> None:
    key = api.gives("shop", per_minute=6)
    assert (await api.call(key)).status_code == 200
    answer = await api.call(key)
    assert answer.status_code == 429
    problem = answer.json()
    assert problem["code"] == "RATE_LIMITED"
    assert problem["retry_is_safe"] is True
    assert "6 calls a minute" in problem["detail"]
    assert 0 < int(answer.headers["retry-after"]) <= 10
    assert (await api.call(api.gives("other"))).status_code == 200


async def test_calls_in_vain_are_limited_too(api: KeyedApi) -> None:
    key = api.gives("reader", [Scope.READ], per_minute=6)
    assert (await api.call(key, "POST /payments")).status_code == 403
    assert (await api.call(key, "POST /payments")).status_code == 429


async def test_a_refused_call_is_told_to_the_audit_log_without_its_key(
    api: KeyedApi, caplog: pytest.LogCaptureFixture
) -> None:
    key = api.gives("reader", [Scope.READ])
    before = refused(Reason.SCOPE)
    await api.call(key, "POST /payments/coffee-1/cancel")
    [said] = told(caplog)
    assert {
        "reason": "scope",
        "status": 403,
        "scope": "cancel",
        "method": "POST",
        "route": "/payments/{order_id}/cancel",
        "order_id": "coffee-1",
        "peer": "127.0.0.1",
        "key": "reader",
    }.items() <= said.items()
    assert len(said["key_id"]) == 8
    assert key not in str(said)
    assert refused(Reason.SCOPE) == before + 1


async def test_the_audit_log_is_json_and_holds_only_what_is_known(
    api: KeyedApi,
) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    try:
        start_logging("api", stream=stream)
        for key, call in (
            (None, "POST /payments"),
            ("cashier_" + "x" * 43, "GET /payments/Maria%20Clara"),
        ):
            body = {"order_id": "coffee-1"} if "POST" in call else None
            await api.call(key, call, json=body)
    finally:
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    nobody, guesser = (one for one in lines if one["logger"] == "api.refusals")
    assert (nobody["reason"], guesser["reason"]) == ("no_key", "unknown_key")
    assert nobody["order_id"] == "coffee-1"
    assert not guesser.keys() & {"order_id", "key", "key_id", "untold"}
    assert "Maria" not in stream.getvalue()
    assert "xxxx" not in stream.getvalue()


def a_call(key: ApiKey | None) -> Call:
    reason = Reason.RATE if key else Reason.UNKNOWN_KEY
    problem = Refusal(reason, "no", scope=Scope.READ, key=key)
    return Call("GET", "/wallets", 401, 0.1, noted={"problem": problem})


def test_a_flood_of_wrong_keys_fills_no_log_and_hides_nothing_of_right_ones(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clocks, shop = Clocks(), ApiKey.of(new_key(), name="shop")
    audit = RefusalLog(clocks.monotonic)
    before = refused(Reason.UNKNOWN_KEY)
    for _ in range(10_000):
        clocks.move(0.0061)
        audit.log(a_call(None))
    assert len(told(caplog)) == LINES_AT_ONCE + LINES_A_MINUTE
    assert refused(Reason.UNKNOWN_KEY) == before + 10_000
    audit.log(a_call(shop))
    assert told(caplog)[-1]["key"] == "shop"
    clocks.move(60)
    audit.log(a_call(None))
    # Each line says how many there were since the one before.
    strangers = [line for line in told(caplog) if "key" not in line]
    assert sum(line.get("untold", 0) + 1 for line in strangers) == 10_001


@asynccontextmanager
async def following(api: KeyedApi, key: str) -> AsyncIterator[list[Message]]:
    """Follow `/stream` until the block ends; yields when its first bytes have come."""
    sent: list[Message] = []
    came, leaves = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        await leaves.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)
        if message.get("body"):
            came.set()

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/stream",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {key}".encode())],
    }
    call = asyncio.create_task(api.app(scope, receive, send))
    async with asyncio.timeout(10):
        await came.wait()
        yield sent
        leaves.set()
        await call


@pytest.fixture
def stream_ends(api: KeyedApi) -> asyncio.Event:
    ends = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"first"
        await ends.wait()
        yield b"last"

    @api.app.get("/stream", dependencies=[MAY_FOLLOW])
    async def stream() -> StreamingResponse:
        return StreamingResponse(chunks())

    return ends


async def test_a_stream_holds_its_place_until_the_caller_hangs_up(
    api: KeyedApi, stream_ends: asyncio.Event
) -> None:
    key, other = api.gives("shop"), api.gives("other")
    for _ in range(3):
        async with following(api, key), following(api, other):
            answer = await api.call(key, "GET /stream")
            assert answer.status_code == 429
            assert answer.json()["code"] == "RATE_LIMITED"
            assert int(answer.headers["retry-after"]) > 0
    assert not stream_ends.is_set()


async def test_a_stream_that_ends_or_never_began_gives_its_place_back(
    api: KeyedApi, stream_ends: asyncio.Event
) -> None:
    key = api.gives("shop")
    stream_ends.set()
    for call in ("GET /stream", "GET /payments/a%20b/events") * 2:
        assert (await api.call(key, call)).status_code in (200, 422)


async def test_bytes_of_a_stream_are_not_held_back_and_bear_the_headers(
    api: KeyedApi, stream_ends: asyncio.Event
) -> None:
    async with following(api, api.gives("shop")) as sent:
        begin, first = sent
        assert first["body"] == b"first"
        assert (b"x-content-type-options", b"nosniff") in begin["headers"]
    assert not stream_ends.is_set()
