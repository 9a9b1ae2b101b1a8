"""Keeps a signal of the wrong shape from stopping a payment for ever.

The server writes a signal into the history before any worker checks it. A signal
without an argument, as a click in the Temporal UI sends it, would make the handler's
call fail, and with it every workflow task from then on.
"""

from typing import get_type_hints

from temporalio import workflow
from temporalio.worker import (
    HandleSignalInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)


class OddSignalFilter(Interceptor):
    """Drops signals without the argument that their handler takes, and logs that."""

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: A002 - the SDK's name
    ) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:  # noqa: A002
        wanted = _argument_of(input.signal)
        sound = len(input.args) == 1 and wanted and isinstance(input.args[0], wanted)
        if wanted and not sound:
            workflow.logger.warning("dropped a signal of the wrong shape")
            return
        await super().handle_signal(input)


def _argument_of(signal: str) -> type | None:
    """Return the type that the handler of a signal takes; None without a handler."""
    if workflow.get_signal_handler(signal) is None:
        return None
    # The SDK wraps the method, and types stand at the method itself.
    hints = get_type_hints(getattr(type(workflow.instance()), signal))
    hints.pop("return", None)
    return next(iter(hints.values()), None)
