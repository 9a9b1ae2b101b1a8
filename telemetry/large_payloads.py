"""Counts payloads that come near what Temporal takes, before it refuses one."""

import logging
from typing import Final

from temporalio.common import MetricCounter
from temporalio.runtime import Runtime

from telemetry.names import LARGE_PAYLOADS

# The SDK's code of the warning that a payload, or a memo, is over its limit.
CODE: Final = "TMPRL1103"
# To which the SDK's engine logs (`telemetry/runtime.py`).
ENGINE: Final = "temporalio.core"


class LargePayloads(logging.Handler):
    """Counts the engine's warnings; the warning itself names size and limit."""

    def __init__(self, counter: MetricCounter) -> None:
        super().__init__(logging.WARNING)
        self._counter = counter

    def emit(self, record: logging.LogRecord) -> None:
        if CODE in record.getMessage():
            self._counter.add(1)


def count_large_payloads(runtime: Runtime) -> None:
    """Show the counter on the endpoint of this process, from 0 on."""
    counter = runtime.metric_meter.create_counter(LARGE_PAYLOADS)
    counter.add(0)
    logging.getLogger(ENGINE).addHandler(LargePayloads(counter))
