"""The simulator behind a network: each call of the merchant's takes time, some fail.

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
# Both faces of the signed API have it in their paths; pages and control have not.
OF_THE_API: Final = "/api/v1/payments/"
# How many standard deviations the 99th of 100 lies above the middle.
P99_DEVIATIONS: Final = 2.3263
SEED: Final = 1


class Pace:
    """How long calls take (log-normal), and which fail; the same for the same seed."""

    def __init__(self, seed: int = SEED) -> None:
        self._dice = random.Random(seed)  # no secret, but repeatable
        self._sigma = math.log(P99_SECONDS / P50_SECONDS) / P99_DEVIATIONS

    def seconds(self) -> float:
        """Return how long the next call takes."""
        return self._dice.lognormvariate(math.log(P50_SECONDS), self._sigma)

    def fails(self) -> bool:
        """Whether the next call has no effect, and is answered with 500."""
        return self._dice.random() < FAILING


class SlowAlipay:
    """Holds up the calls of the signed API; customers' pages are as quick as ever."""

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
