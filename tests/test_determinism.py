"""Calls that do not replay are found before a release (decision 34).

Production runs workflows without the SDK's sandbox. So each kind of forbidden call is
written into a workflow here, and a guard must find it: the linter by its name; the
sandbox, in which all tests run workflows; a look at the calls of replays, which also
sees modules that pass through the sandbox; and a look at the source for shared state.
"""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from audit.history.record import read_history
from audit.replay.replaying import Replays
from codec.payload_codec import EncryptingCodec
from tests.fakes import FakeAlipay
from tests.forbidden_calls import CALLS, Forbidden
from tests.histories.record import HISTORIES
from tests.histories.signed_paths import payload_keys, trust_recorded_signers
from tests.outside_calls import outside_calls
from tests.shared_state import shared_state
from tests.workflows.running import worker_of
from workflows.engine.overtaking_queries import OvertakingQueryFilter

ROOT = Path(__file__).parent.parent
trust_recorded_signers()
RECORDED = sorted(HISTORIES.glob("*.json"))
# The code that runs inside workflows; the sandbox passes all but workflows' modules.
RUN_IN_WORKFLOWS = sorted(
    file
    for part in ("workflows", "contracts", "translation", "visibility")
    for file in (ROOT / part).rglob("*.py")
)
# Filled before the worker's first run, and asked for fingerprints only (decision 32).
KEYS_OF_PROCESS = "_SERVED.add(client_id)"
# Tests of what exists without the sandbox only.
MAY_RUN_UNSANDBOXED = {
    "test_determinism.py",
    "test_export.py",
    "runs.py",  # of the cluster: workflows of no kind of ours
}


def complaints(code: str) -> str:
    """Return the linter's findings about code as if in workflows/."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    command = [ruff, "check", "--stdin-filename", "workflows/new.py", "-"]
    checked = subprocess.run(
        command, input=code, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return checked.stdout


@pytest.mark.parametrize(
    ("code", "replacement"),
    [
        ("import random", "workflow.random()"),
        ("import time", "workflow.sleep"),
        ("import uuid", "workflow.uuid4()"),
        ("import secrets", "workflow.random()"),
        ("from asyncio import sleep", "workflow.sleep"),
        ("import httpx", "an activity"),
        ("import socket", "an activity"),
        ("import pathlib", "an activity"),
        ("import alipay.client", "activities/"),
        ("from datetime import datetime\n\ndatetime.now()", "workflow.now()"),
        ("import datetime as d\n\nd.date.today()", "workflow.now()"),
    ],
)
def test_chance_clock_and_network_are_refused(code: str, replacement: str) -> None:
    assert replacement in complaints(code)


def test_calls_that_replay_are_allowed() -> None:
    assert "TID251" in complaints("import time")
    assert "TID251" not in complaints("from datetime import timedelta")


@asynccontextmanager
async def running(client: Client, runner: WorkflowRunner) -> AsyncIterator[str]:
    """Serve the forbidden workflow, in this thread, so that its calls are seen."""
    async with Worker(
        client,
        task_queue=f"test-{uuid4()}",
        workflows=[Forbidden],
        workflow_runner=runner,
        workflow_failure_exception_types=[Exception],
        debug_mode=True,
    ) as worker:
        yield worker.task_queue


async def run_forbidden(client: Client, task_queue: str, call: str) -> int:
    return await client.execute_workflow(
        Forbidden.run, call, id=f"forbidden-{uuid4()}", task_queue=task_queue
    )


@pytest.mark.parametrize("call", CALLS)
async def test_the_sandbox_of_the_tests_refuses_what_the_linter_misses(
    dev_server: WorkflowEnvironment, call: str
) -> None:
    async with running(dev_server.client, SandboxedWorkflowRunner()) as task_queue:
        with pytest.raises(WorkflowFailureError) as failed:
            await run_forbidden(dev_server.client, task_queue, call)
    assert "Cannot access" in str(failed.value.cause)


@pytest.mark.parametrize("call", CALLS)
async def test_a_look_at_all_calls_finds_what_passes_the_sandbox(
    dev_server: WorkflowEnvironment, call: str
) -> None:
    async with running(dev_server.client, UnsandboxedWorkflowRunner()) as task_queue:
        with outside_calls() as allowed:
            await run_forbidden(dev_server.client, task_queue, "")
        with outside_calls() as found:
            try:
                await run_forbidden(dev_server.client, task_queue, call)
            except WorkflowFailureError:
                assert call == "network"  # nobody listens there
    assert not allowed
    assert found


async def test_no_recorded_workflow_calls_clock_chance_network_or_files() -> None:
    codec = EncryptingCodec(payload_keys())
    records = [read_history(file.read_text(), codec) for file in RECORDED]
    async with Replays() as replays:
        # Modules that are imported on first use may read files.
        await replays.replay(records[0])
        with outside_calls() as found:
            replayed = [await replays.replay(record) for record in records]
    assert all(one.commands for one in replayed)
    assert found == set()


@pytest.mark.parametrize(
    "code",
    [
        "SEEN = []\n\ndef run():\n    SEEN.append(1)",
        "SEEN = {}\n\ndef run():\n    SEEN['order'] = 1",
        "SEEN: dict[str, int] = {}\n\ndef run():\n    del SEEN['order']",
        "COUNT = 0\n\ndef run():\n    global COUNT\n    COUNT += 1",
        "NUMBERS = count()\n\ndef run():\n    return next(NUMBERS)",
        "class Run:\n    count = 0\n\n    def run(self):\n        Run.count += 1",
        "class Run:\n    @classmethod\n    def run(cls):\n        cls.last = 1",
        "import contracts\n\ndef run():\n    contracts.last = 1",
        "import contracts\n\ndef run():\n    contracts.SEEN.append(1)",
        "from contracts import SEEN\n\ndef run():\n    SEEN.append(1)",
        "@cache\ndef run(order):\n    return []",
        "@functools.lru_cache(maxsize=1)\ndef run(order):\n    return []",
    ],
)
def test_state_that_two_runs_share_is_found(code: str) -> None:
    assert len(shared_state(code)) == 1


@pytest.mark.parametrize("code", ["def run(seen=[]): ...", "class Run:\n    seen = []"])
def test_the_linter_refuses_values_that_all_calls_share(code: str) -> None:
    assert "mutable" in complaints(code).lower()


def test_workflow_code_shares_no_state() -> None:
    found = {
        f"{file.relative_to(ROOT)}, {where}"
        for file in RUN_IN_WORKFLOWS
        for where in shared_state(file.read_text())
        if KEYS_OF_PROCESS not in where
    }
    assert found == set()


async def test_without_the_sandbox_two_runs_would_share_a_module(
    dev_server: WorkflowEnvironment,
) -> None:
    """The check of the source replaces this."""
    client = dev_server.client
    async with running(client, SandboxedWorkflowRunner()) as task_queue:
        apart = [await run_forbidden(client, task_queue, "") for _ in range(2)]
    async with running(client, UnsandboxedWorkflowRunner()) as task_queue:
        first, second = [await run_forbidden(client, task_queue, "") for _ in range(2)]
    assert apart == [1, 1]
    assert second == first + 1


async def test_the_workers_of_tests_run_workflows_in_the_sandbox(
    dev_server: WorkflowEnvironment,
) -> None:
    worker = worker_of(dev_server.client, FakeAlipay(), "test")
    runner = worker.config()["workflow_runner"]
    assert isinstance(runner, OvertakingQueryFilter)
    assert isinstance(runner.runner, SandboxedWorkflowRunner)
    unsandboxed = {
        file.name
        for file in (ROOT / "tests").rglob("*.py")
        if "Unsandboxed" in (text := file.read_text()) or "sandbox=False" in text
    }
    assert unsandboxed <= MAY_RUN_UNSANDBOXED
