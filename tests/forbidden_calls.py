"""A workflow that does what no workflow may, in ways that the linter does not see."""

import builtins
from collections.abc import Callable
from datetime import datetime

from temporalio import workflow

RUNS: list[str] = []

CALLS: dict[str, Callable[[], object]] = {
    "clock": lambda: __import__("time").time(),
    "date": lambda: getattr(datetime, "no" + "w")(),
    "chance": lambda: __import__("random").random(),
    "secret chance": lambda: __import__("secrets").token_hex(),
    "id of chance": lambda: __import__("uuid").uuid4(),
    "network": lambda: __import__("socket").create_connection(("127.0.0.1", 1)),
    "file": lambda: getattr(builtins, "op" + "en")("/dev/null").close(),
}


@workflow.defn
class Forbidden:
    """Makes one forbidden call, and counts the runs of its process."""

    @workflow.run
    async def run(self, call: str) -> int:
        RUNS.append(call)
        if call:
            CALLS[call]()
        return len(RUNS)
