"""What the doctor looks at in tests: settings that are sound but for a change."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx

from cashier.doctor.checks.findings import Finding, State
from cashier.doctor.checks.running import Findings
from cashier.system.home import CLIENT_ID, Home
from cashier.system.ports import Ports
from cashier.system.processes import System
from settings.worker import WorkerSettings

PREFIX = "CASHIER_"


def worker_settings(home: Home, **changes: Any) -> WorkerSettings:
    """Return the worker's settings of a local system, with some of them changed."""
    environment = {**home.environment(Ports()), **home.shop_environment(Ports())}
    fields = WorkerSettings.model_fields
    given = {
        name.removeprefix(PREFIX).lower(): value for name, value in environment.items()
    }
    sound = {name: value for name, value in given.items() if name in fields}
    return WorkerSettings.model_validate({**sound, "client_id": CLIENT_ID, **changes})


def answering(
    answer: Callable[[httpx.Request], httpx.Response],
) -> httpx.AsyncClient:
    """Return connections at whose other end a function answers."""
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def lines_of(findings: Findings) -> dict[str, Finding]:
    """Return the lines of one check by their names."""
    return {one.name: one async for one in findings}


def assert_wrong(line: Finding, *words: str) -> None:
    """Assert that a line is wrong, says why and what to do, and names the words."""
    assert line.state is State.WRONG, line
    assert line.todo
    for word in words:
        assert word in f"{line.why} -> {line.todo}", line


def settings_of(system: System) -> Mapping[str, str]:
    """Return the environment of a local system's parts."""
    home, ports = system.home, system.ports
    return {**home.environment(ports), **home.shop_environment(ports)}
