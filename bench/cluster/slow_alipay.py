"""The simulator with the latency of a network; some calls fail.

The times are those of the only payment benchmark with a disclosed method that we know:
payment.masonx.me/en/benchmarks/payment-throughput.
"""

import asyncio
import math
import random
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from http_server.serving import run
from simulator.app import create_app
from simulator.settings import SimulatorSettings

P50_SECONDS: Final = 0.120
P99_SECONDS: Final = 0.380
FAILING: Final = 0.007
# The signed API's paths contain it, also in the sandbox; pages and control do not.
OF_THE_API: Final = "/api/v1/payments/"
# The standard deviations between the median and the 99th percentile.
P99_DEVIATIONS: Final = 2.3263
SEED: Final = 1


class Pace:
    """Draws the latency (log-normal) and the failures of calls from a seed."""

    def __init__(self, seed: int = SEED) -> None:
        self._dice = random.Random(seed)  # no secret, but repeatable
        self._sigma = math.log(P99_SECONDS / P50_SECONDS) / P99_DEVIATIONS

    def seconds(self) -> float:
        """Return the latency of the next call."""
        return self._dice.lognormvariate(math.log(P50_SECONDS), self._sigma)

    def fails(self) -> bool:
        """Whether the next call has no effect, and is answered with 500."""
        return self._dice.random() < FAILING


class SlowAlipay:
    """Delays the calls of the signed API, but not customers' pages."""

    def __init__(self, app: ASGIApp, pace: Pace) -> None:
        self._app = app
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and OF_THE_API in scope["path"]:
            await asyncio.sleep(self._pace.seconds())
            if self._pace.fails():
                app = PlainTextResponse("try again", 500)
        await app(scope, receive, send)


def main() -> None:
    """Serve until SIGTERM."""
    settings = SimulatorSettings()
    app = SlowAlipay(create_app(settings.to_config()), Pace())
    run(app, host=settings.host, port=settings.port)


if __name__ == "__main__":
    main()
