"""Every history ever recorded still replays on today's code."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from temporal_client import DATA_CONVERTER
from tests.histories.record import CALLBACK, HISTORIES, LATE_PATHS, LATE_REVIEW, PATHS
from workflows.callback import Callback
from workflows.cashier_payment import CashierPayment
from workflows.forgiving import ForgivingSignals
from workflows.late_payment import LatePayment

RECORDED = sorted(HISTORIES.glob("*.json"))


def recorded(file: Path) -> WorkflowHistory:
    text = file.read_text()
    first = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(first["workflowId"], text)


@pytest.mark.parametrize("file", RECORDED, ids=[file.stem for file in RECORDED])
async def test_a_recorded_history_replays(file: Path) -> None:
    history = recorded(file)
    replayer = Replayer(
        workflows=[CashierPayment, LatePayment, Callback],
        data_converter=DATA_CONVERTER,
        interceptors=[ForgivingSignals()],
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is None, (
        f"{file.name} does not replay: a change of workflow code must be made with "
        f"workflow.patched, or as a new workflow type ({result.replay_failure})"
    )


def test_every_path_has_a_recorded_history() -> None:
    paths = {*PATHS, *LATE_PATHS, CALLBACK, LATE_REVIEW}
    assert {file.stem for file in RECORDED} >= paths


def test_no_recorded_history_names_a_folder_of_a_machine() -> None:
    for file in RECORDED:
        assert "site-packages" not in file.read_text(), file.name
