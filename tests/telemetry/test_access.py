"""One line for each call: which kind, how it ended; nothing of what was called."""

import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from telemetry.access import AccessLog, Call


def an_app() -> FastAPI:
    app = FastAPI()

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {}

    @app.get("/payments/{order_id}")
    async def look(order_id: str) -> dict[str, str]:
        return {}

    @app.get("/cashier/{token}")
    async def page(token: str) -> dict[str, str]:
        return {}

    @app.get("/broken")
    async def broken() -> dict[str, str]:
        raise RuntimeError("a bug")

    return app


async def called(path: str, *, method: str = "GET", peer: str = "192.0.2.7") -> Call:
    calls: list[Call] = []
    wire = httpx.ASGITransport(
        AccessLog(an_app(), measure=calls.append),
        raise_app_exceptions=False,
        client=(peer, 4711),
    )
    async with httpx.AsyncClient(transport=wire, base_url="http://x.test") as http:
        await http.request(method, path)
    [call] = calls
    return call


@pytest.mark.parametrize(
    ("path", "route", "status", "order_id"),
    [
        ("/payments/coffee-1?refresh=1", "/payments/{order_id}", 200, "coffee-1"),
        ("/payments/jane@shop.example", "/payments/{order_id}", 200, None),
        ("/cashier/secret-token", "/cashier/{token}", 200, None),
        ("/secret/nothing/here", "unknown", 404, None),
        ("/broken", "/broken", 500, None),
    ],
)
async def test_a_call_is_told_by_its_route_not_by_its_path(
    path: str,
    route: str,
    status: int,
    order_id: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    call = await called(path)
    [record] = [one for one in caplog.records if one.name == "telemetry.access"]
    said: dict[str, Any] = vars(record)
    assert (call.route, call.status, call.order_id) == (route, status, order_id)
    assert (said["route"], said["status"]) == (route, status)
    assert said["milliseconds"] >= 0
    assert said.get("order_id") == order_id
    for secret in ("jane", "secret", "refresh"):
        assert secret not in str({**said, "exc_info": None})


async def test_checks_of_health_are_measured_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    call = await called("/health/live")
    assert call.status == 200
    assert [one for one in caplog.records if one.name == "telemetry.access"] == []


async def test_a_method_that_somebody_made_up_makes_no_new_series() -> None:
    assert (await called("/payments/coffee-1", method="BREW")).method == "other"


@pytest.mark.parametrize(
    ("peer", "told"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("<jane>", None)],
)
async def test_where_a_call_came_from_is_an_address_or_nothing(
    peer: str, told: str | None
) -> None:
    assert (await called("/payments/coffee-1", peer=peer)).peer == told
