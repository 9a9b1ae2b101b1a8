"""A run that another one continues, with facts that nobody wants to wait for."""

import asyncio
from typing import Any

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from contracts import TASK_QUEUE


@workflow.defn(name="EarlierRun", sandboxed=False)
class EarlierRun:
    """Goes on at once as another workflow.

    Facts in an input count only where the server says that the run continues another
    one: whoever can start workflows cannot write them, whoever runs a worker can.
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
        given: Its input, with the facts that it carries.
        task_queue: On which its worker asks.
        start: `id` and what else `start_workflow` takes.
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
        # The server has no way to wait for the run that continues another one.
        while (await newest.describe()).run_id == before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
