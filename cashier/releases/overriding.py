"""Sets the versioning override of a run: the version on which it continues."""

from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import WorkflowExecution as Execution
from temporalio.api.deployment.v1 import WorkerDeploymentVersion as GivenVersion
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.common import WorkerDeploymentVersion

from cashier.temporal_calls import QUICK

# Each is an event in a history; Temporal limits how many calls a second it takes.
MOST_AT_ONCE: Final = 20


def given_version(version: WorkerDeploymentVersion) -> GivenVersion:
    """Return a version as Temporal's API expects it."""
    return GivenVersion(
        deployment_name=version.deployment_name, build_id=version.build_id
    )


def execution_of(one: WorkflowExecution) -> Execution:
    """Return a run's ids as Temporal's API expects them."""
    return Execution(workflow_id=one.id, run_id=one.run_id)


async def override_of(
    client: Client, one: WorkflowExecution
) -> VersioningOverride | None:
    """Return a run's versioning override; None without one.

    Raises:
        RPCError: It has been deleted, or Temporal does not answer.
    """
    handle = client.get_workflow_handle(one.id, run_id=one.run_id)
    described = await handle.describe(rpc_timeout=QUICK)
    known = described.raw_description.workflow_execution_info.versioning_info
    is_told = known.HasField("versioning_override")
    return known.versioning_override if is_told else None


async def set_override(
    client: Client, one: WorkflowExecution, override: VersioningOverride | None
) -> None:
    """Set the version on which a run continues; None removes the override.

    The history records who set it: the operator at the terminal.

    Raises:
        RPCError: It has ended, or Temporal does not answer.
    """
    await client.workflow_service.update_workflow_execution_options(
        UpdateWorkflowExecutionOptionsRequest(
            namespace=client.namespace,
            workflow_execution=execution_of(one),
            workflow_execution_options=WorkflowExecutionOptions(
                versioning_override=override
            ),
            update_mask=FieldMask(paths=["versioning_override"]),
            identity=client.identity,
        ),
        timeout=QUICK,
    )
