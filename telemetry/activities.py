"""One line for each activity: which call to Alipay or the shop, and how it ended."""

import logging
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from telemetry.log_fields import ids_of, log_fields

log = logging.getLogger(__name__)

# The logged fields of inputs and results: ids and verdicts; never customer data.
OF_INPUT = ("order_id", "payment_request_id", "refund_request_id")
OF_RESULT = ("verdict", "result_code", "http_status")
# The longest logged message: ours may quote Alipay's.
LONGEST_REASON = 200


class ActivityLog(Interceptor):
    """Logs each execution of an activity, with its ids."""

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        return _Inbound(next)


class _Inbound(ActivityInboundInterceptor):
    """Observes one execution, and does not change it."""

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - the SDK's
        began = perf_counter()
        with log_fields(**_ids(activity.info(), input.args)):
            try:
                result = await super().execute_activity(input)
            except ApplicationError as error:
                _log(
                    "activity without an answer",
                    began,
                    error=error.type,
                    reason=error.message[:LONGEST_REASON],
                )
                raise
            except Exception as error:
                # A bug, or the shutdown of the worker; the SDK logs the stack trace.
                _log("activity failed", began, error=type(error).__name__)
                raise
            _log("activity answered", began, **_chosen(result, OF_RESULT))
            return result


def _ids(info: activity.Info, inputs: Sequence[object]) -> dict[str, object]:
    workflow_id = info.workflow_id or ""
    return {
        **ids_of(workflow_id),
        **(_chosen(inputs[0], OF_INPUT) if inputs else {}),
        "workflow_id": workflow_id,
        "run_id": info.workflow_run_id,
        "activity": info.activity_type,
        "attempt": info.attempt,
    }


def _chosen(message: object, names: Sequence[str]) -> dict[str, object]:
    found = {name: getattr(message, name, None) for name in names}
    return {
        name: value if isinstance(value, int) else str(value)
        for name, value in found.items()
        if value is not None
    }


def _log(fact: str, began: float, **fields: object) -> None:
    level = logging.WARNING if "error" in fields else logging.INFO
    milliseconds = round((perf_counter() - began) * 1000, 1)
    log.log(level, fact, extra={**fields, "milliseconds": milliseconds})
