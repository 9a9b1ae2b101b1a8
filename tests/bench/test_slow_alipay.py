"""The slow Alipay of the benchmark is as slow as it says, and fails as often."""

from statistics import quantiles

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bench.cluster.slow_alipay import (
    FAILING,
    P50_SECONDS,
    P99_SECONDS,
    Pace,
    SlowAlipay,
)

CALLS = 100_000
OF_THE_API = "/ams/sandbox/api/v1/payments/pay"


def test_half_of_all_calls_and_99_of_100_take_as_long_as_said() -> None:
    pace = Pace()
    cuts = quantiles([pace.seconds() for _ in range(CALLS)], n=100)
    assert cuts[49] == pytest.approx(P50_SECONDS, rel=0.02)
    assert cuts[98] == pytest.approx(P99_SECONDS, rel=0.02)


def test_as_many_calls_fail_as_said() -> None:
    pace = Pace()
    failed = sum(pace.fails() for _ in range(CALLS))
    assert failed / CALLS == pytest.approx(FAILING, rel=0.1)


class Failing(Pace):
    """At once, and always wrong."""

    def seconds(self) -> float:
        return 0

    def fails(self) -> bool:
        return True


async def test_a_failed_call_does_not_reach_alipay_and_a_page_never_fails() -> None:
    reached: list[str] = []

    async def answer(request: httpx.Request) -> PlainTextResponse:
        reached.append(request.url.path)
        return PlainTextResponse("here")

    routes = [
        Route(path, answer, methods=["POST"]) for path in (OF_THE_API, "/cashier/1/pay")
    ]
    transport = httpx.ASGITransport(SlowAlipay(Starlette(routes=routes), Failing()))
    async with httpx.AsyncClient(transport=transport, base_url="http://alipay") as http:
        assert (await http.post(OF_THE_API)).status_code == 500
        assert (await http.post("/cashier/1/pay")).status_code == 200
    assert reached == ["/cashier/1/pay"]
