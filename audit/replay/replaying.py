"""Replays a history on today's code, and records all commands.

Temporal's replay compares only the types and the order of commands. Arguments, results
and times are recorded here as the workflow returns them, for `audit.replay.comparison`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from types import TracebackType
from typing import Self

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_commands import WorkflowCommand
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.worker import (
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowReplayResult,
)

from audit.history.record import Record
from temporal_client import DATA_CONVERTER
from workflows.engine.odd_signals import OddSignalFilter
from workflows.engine.wrapped_run import WrappedRun
from workflows.kinds import WORKFLOWS as WORKFLOWS

_LOG = logging.getLogger("temporalio.worker")
# In seconds. A replay takes milliseconds; one that hangs is a finding.
PATIENCE = timedelta(seconds=60)


@dataclass
class Replayed:
    """The replay of a history.

    Attributes:
        commands: All commands in order, with payloads in clear text.
        failure: The error of Temporal's replay, if the code does not match.
    """

    commands: list[WorkflowCommand] = field(default_factory=list)
    failure: Exception | None = None


class _Watched(WrappedRun):
    """A run whose commands are recorded, and whose updates are validated again."""

    def __init__(self, run: WorkflowInstance, commands: list[WorkflowCommand]) -> None:
        super().__init__(run)
        self._commands = commands

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        for job in act.jobs:
            if job.HasField("do_update"):
                # A replay skips the validators of recorded updates.
                job.do_update.run_validator = True
        completion = self._run.activate(act)
        self._commands.extend(completion.successful.commands)
        return completion


class _Watching(UnsandboxedWorkflowRunner):
    """Creates the runs, without the sandbox.

    The sandbox isolates workflow code, which the tests check; here it would only double
    the time.
    """

    def __init__(self) -> None:
        self.commands: list[WorkflowCommand] = []

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Watched(super().create_instance(det), self.commands)


class Replays:
    """Replays histories one after the other; use `async with`, in one event loop."""

    def __init__(self) -> None:
        self._watching = _Watching()
        self._stack = AsyncExitStack()
        self._level = logging.NOTSET
        self._results: AsyncIterator[WorkflowReplayResult] | None = None
        self._next: asyncio.Queue[WorkflowHistory | None] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._level = _LOG.level
        _LOG.setLevel(logging.CRITICAL + 1)  # for the same reason
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()
        _LOG.setLevel(self._level)

    async def replay(self, record: Record) -> Replayed:
        """Replay a history; any error becomes its failure."""
        commands = self._watching.commands = []
        history = WorkflowHistory(record.workflow_id, record.events)
        try:
            results = self._results or await self._begin()
            self._next.put_nowait(history)
            async with asyncio.timeout(PATIENCE.total_seconds()):
                result = await anext(results)
        except Exception as error:
            self._results = None
            await self._stack.aclose()
            return Replayed(commands, error)
        return Replayed(commands, result.replay_failure)

    async def _begin(self) -> AsyncIterator[WorkflowReplayResult]:
        self._next = asyncio.Queue()
        replayer = Replayer(
            workflows=WORKFLOWS,
            data_converter=DATA_CONVERTER,
            workflow_runner=self._watching,
            interceptors=[OddSignalFilter()],
            # In this thread and without deadlock detection: on a busy machine a slow
            # replay would otherwise fail.
            debug_mode=True,
            runtime=_quiet_runtime(),
        )
        self._results = await self._stack.enter_async_context(
            replayer.workflow_replay_iterator(self._histories(self._next))
        )
        return self._results

    async def _histories(
        self, queue: asyncio.Queue[WorkflowHistory | None]
    ) -> AsyncIterator[WorkflowHistory]:
        while (history := await queue.get()) is not None:
            yield history


@cache
def _quiet_runtime() -> Runtime:
    """Return a runtime without a log: its errors are findings."""
    return Runtime(telemetry=TelemetryConfig(logging=None))
