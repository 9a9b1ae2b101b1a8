"""Pauses workflows and activities as the Temporal UI does: the SDK has no method."""

import asyncio

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import (
    PauseActivityRequest,
    PauseWorkflowExecutionRequest,
)
from temporalio.client import Client


async def pause_call(client: Client, workflow_id: str, *, by: str, reason: str) -> None:
    """Pause the activity that a workflow waits for, once there is one."""
    await client.workflow_service.pause_activity(
        PauseActivityRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=workflow_id),
            id=await pending_call(client, workflow_id),
            identity=by,
            reason=reason,
        )
    )


async def pending_call(client: Client, workflow_id: str) -> str:
    """Return the id of the activity that a workflow waits for, once there is one."""
    handle = client.get_workflow_handle(workflow_id)
    while True:
        described = (await handle.describe()).raw_description
        for pending in described.pending_activities:
            return str(pending.activity_id)
        # The server has no call to wait for it.
        await asyncio.sleep(0.05)


async def pause_workflow(
    client: Client, workflow_id: str, *, by: str, reason: str
) -> None:
    """Pause a workflow; the server's option `frontend.WorkflowPauseEnabled` is on."""
    await client.workflow_service.pause_workflow_execution(
        PauseWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_id=workflow_id,
            identity=by,
            reason=reason,
        )
    )
