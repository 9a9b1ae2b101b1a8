"""A run that continues as another workflow, with facts that would take long to get."""

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from contracts import TASK_QUEUE


@workflow.defn(name="EarlierRun", sandboxed=False)
class EarlierRun:
    """Continues as another workflow at once.

    A workflow accepts facts in its input only if the server records that the run
    continues another run: a client that starts workflows cannot supply them, a worker
    can.
    """

    @workflow.run
    async def run(self, kind: str, given: Any, task_queue: str) -> None:  # noqa: ANN401 - the other workflow's
        workflow.continue_as_new(workflow=kind, args=[given], task_queue=task_queue)


async def go_on_from_facts(
    client: Client,
    kind: str,
    given: Any,  # noqa: ANN401 - the input of any workflow
    *,
    task_queue: str = TASK_QUEUE,
    **start: Any,  # noqa: ANN401 - passed on to the SDK
) -> None:
    """Start a workflow as the continuation of an earlier run.

    Args:
        client: Reaches Temporal.
        kind: The workflow's type.
        given: Its input, with the carried facts.
        task_queue: The task queue of its worker.
        start: `id` and further arguments of `start_workflow`.
    """
    own_queue = f"{start['id']}-earlier-run"
    async with Worker(client, task_queue=own_queue, workflows=[EarlierRun]):
        first = await client.start_workflow(
            EarlierRun.run,
            args=[kind, given, task_queue],
            task_queue=own_queue,
            **start,
        )
        newest = client.get_workflow_handle(start["id"])
        before = first.first_execution_run_id
        # The server has no call to wait for the next run.
        while (await newest.describe()).run_id == before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
