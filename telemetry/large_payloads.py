"""Counts payloads close to Temporal's size limit, before one is rejected."""

import logging
from typing import Final

from temporalio.common import MetricCounter
from temporalio.runtime import Runtime

from telemetry.names import LARGE_PAYLOADS

# The SDK's code of its warning about the size of a payload or a memo.
CODE: Final = "TMPRL1103"
# The logger of the SDK's core (`telemetry/runtime.py`).
ENGINE: Final = "temporalio.core"


class LargePayloads(logging.Handler):
    """Counts the core's warnings, which themselves name size and limit."""

    def __init__(self, counter: MetricCounter) -> None:
        super().__init__(logging.WARNING)
        self._counter = counter

    def emit(self, record: logging.LogRecord) -> None:
        if CODE in record.getMessage():
            self._counter.add(1)


def count_large_payloads(runtime: Runtime) -> None:
    """Expose the counter on the metrics endpoint of this process, from 0 on."""
    counter = runtime.metric_meter.create_counter(LARGE_PAYLOADS)
    counter.add(0)
    logging.getLogger(ENGINE).addHandler(LargePayloads(counter))
