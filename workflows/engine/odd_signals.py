"""Drops malformed signals, which would stop a payment for good.

The server writes a signal into the history before any worker checks it. A signal
without an argument, as the Temporal UI can send it, would fail the handler's call, and
with it every later workflow task.
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
    """Drops, and logs, signals without the argument that their handler takes."""

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
            workflow.logger.warning("dropped a malformed signal")
            return
        await super().handle_signal(input)


def _argument_of(signal: str) -> type | None:
    """Return the type that the handler of a signal takes; None without a handler."""
    if workflow.get_signal_handler(signal) is None:
        return None
    # The SDK wraps the method; the type hints belong to the method itself.
    hints = get_type_hints(getattr(type(workflow.instance()), signal))
    hints.pop("return", None)
    return next(iter(hints.values()), None)
