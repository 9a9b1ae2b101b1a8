"""Runs workflows that refuse what came in clear text.

Apart from `codec.clear_text`, because the codec server needs nothing of a worker.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.worker import (
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

from codec.clear_text import RefusingConverter


class RefusingRunner(WorkflowRunner):
    """Has runs that started since a time refuse clear text, from their input on.

    By their start, which stands in their history, so that each replay refuses the same.
    Older runs read it as before.
    """

    def __init__(self, runner: WorkflowRunner, *, since: datetime) -> None:
        self._runner = runner
        self._since = since

    def prepare_workflow(self, defn: Any) -> None:  # noqa: ANN401 - private to the SDK
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        is_old = det.info.start_time < self._since
        kind = PydanticPayloadConverter if is_old else RefusingConverter
        return self._runner.create_instance(
            replace(det, payload_converter_factory=kind)
        )

    def set_worker_level_failure_exception_types(
        self, types: Sequence[type[BaseException]]
    ) -> None:
        self._runner.set_worker_level_failure_exception_types(types)
