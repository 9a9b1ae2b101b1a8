"""A run around another one, to see or to change the activations of the SDK."""

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import SerializationContext, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance
from temporalio.workflow import Info


class WrappedRun(WorkflowInstance):
    """Hands everything to the run inside; a subclass overrides `activate`."""

    def __init__(self, run: WorkflowInstance) -> None:
        self._run = run

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._run.activate(act)

    # The SDK does not publish the argument types of these two.

    def get_serialization_context(
        self, command_info: object
    ) -> SerializationContext | None:
        return self._run.get_serialization_context(
            command_info  # type: ignore[arg-type]
        )

    def get_external_store_context(
        self, command_info: object
    ) -> StorageDriverStoreContext:
        return self._run.get_external_store_context(
            command_info  # type: ignore[arg-type]
        )

    def get_info(self) -> Info:
        return self._run.get_info()

    def get_thread_id(self) -> int | None:
        return self._run.get_thread_id()
