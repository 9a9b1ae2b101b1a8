"""Every history ever recorded still replays on today's code."""

import base64
import json
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import Replayer, WorkflowReplayResult

from audit.history.record import read_history
from audit.replay.comparison import compare
from audit.replay.replaying import Replays
from codec.payload_codec import EncryptingCodec
from temporal_client import DATA_CONVERTER, data_converter
from tests.codec.keys import a_ring
from tests.histories.record import (
    HISTORIES,
    IN_ORDER,
    LATE_PATHS,
    LATE_REVIEW,
    PATHS,
    WAITING,
)
from tests.histories.signed_paths import (
    ENCRYPTED_PATHS,
    SIGNED_PATHS,
    payload_keys,
    trust_recorded_signers,
)
from worker import runner_of
from workflows.engine.odd_signals import OddSignalFilter
from workflows.kinds import VERSIONED_WORKFLOWS, WORKFLOWS

trust_recorded_signers()
RECORDED = sorted(HISTORIES.glob("*.json"))
ENCRYPTED = [file for file in RECORDED if file.stem in ENCRYPTED_PATHS]


def text_of(name: str) -> str:
    return (HISTORIES / f"{name}.json").read_text()


def recorded(file: Path) -> WorkflowHistory:
    text = text_of(file.stem)
    first = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(first["workflowId"], text)


async def replayed(
    file: Path,
    converter: DataConverter,
    *,
    sandbox: bool = True,
    workflows: Sequence[type] = WORKFLOWS,
) -> WorkflowReplayResult:
    replayer = Replayer(
        workflows=workflows,
        data_converter=converter,
        interceptors=[OddSignalFilter()],
        workflow_runner=runner_of(sandbox=sandbox),
    )
    return await replayer.replay_workflow(recorded(file), raise_on_replay_failure=False)


@pytest.mark.parametrize(
    ("sandbox", "workflows"),
    [(True, WORKFLOWS), (False, WORKFLOWS), (True, VERSIONED_WORKFLOWS)],
    ids=["sandbox", "production", "versioned"],
)
@pytest.mark.parametrize("file", RECORDED, ids=[file.stem for file in RECORDED])
async def test_a_recorded_history_replays(
    file: Path, sandbox: bool, workflows: Sequence[type]
) -> None:
    converter = data_converter(payload_keys())
    result = await replayed(file, converter, sandbox=sandbox, workflows=workflows)
    assert result.replay_failure is None, (
        f"{file.name} does not replay: a change of workflow code must be made as "
        f"docs/versioning.md says ({result.replay_failure})"
    )


@pytest.fixture(scope="module")
async def replays() -> AsyncIterator[Replays]:
    async with Replays() as one:
        yield one


async def differences(replays: Replays, text: str) -> list[str]:
    record = read_history(text, EncryptingCodec(payload_keys()))
    found = compare(record, await replays.replay(record))
    return [finding.in_words() for finding in found]


@pytest.mark.parametrize("file", RECORDED, ids=[file.stem for file in RECORDED])
async def test_the_code_makes_exactly_the_recorded_commands(
    replays: Replays, file: Path
) -> None:
    assert await differences(replays, text_of(file.stem)) == [], (
        f"{file.name}: arguments, timers and results are promises too; see "
        "docs/versioning.md"
    )


async def test_another_wait_than_the_recorded_one_is_seen(replays: Replays) -> None:
    recorded = text_of("encrypted-paid")
    [wait] = re.findall(r'"startToFireTimeout": "([0-9.]+)s"', recorded)
    [difference] = await differences(replays, recorded.replace(wait, "60"))
    assert difference.startswith("TIMER_DIFFERS order recorded-encrypted-paid")


@pytest.mark.parametrize("file", ENCRYPTED, ids=[file.stem for file in ENCRYPTED])
async def test_an_encrypted_history_does_not_replay_without_its_key(file: Path) -> None:
    without_keys = await replayed(file, DATA_CONVERTER)
    with_others = await replayed(file, data_converter(a_ring()))
    assert "Unknown payload encoding" in str(without_keys.replay_failure)
    # The log has the reason: the failure itself is encrypted, with the wrong key.
    assert with_others.replay_failure is not None


def test_every_path_has_a_recorded_history() -> None:
    paths = {*PATHS, *LATE_PATHS, *SIGNED_PATHS, *IN_ORDER, *WAITING, LATE_REVIEW}
    assert {file.stem for file in RECORDED} >= paths


@pytest.mark.parametrize("file", ENCRYPTED, ids=[file.stem for file in ENCRYPTED])
def test_an_encrypted_history_reveals_nothing_of_the_order(file: Path) -> None:
    stored = b"\n".join(_payloads(json.loads(file.read_text())))
    assert b"Two cups of coffee" not in stored
    assert b"keyVersion" not in stored  # nor who signed


def _payloads(node: object) -> list[bytes]:
    if isinstance(node, list):
        return [data for one in node for data in _payloads(one)]
    if not isinstance(node, dict):
        return []
    if isinstance(node.get("data"), str):
        return [base64.b64decode(node["data"])]
    return [data for one in node.values() for data in _payloads(one)]


def test_no_recorded_history_names_a_folder_of_a_machine() -> None:
    for file in RECORDED:
        assert "site-packages" not in file.read_text(), file.name
