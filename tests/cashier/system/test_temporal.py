"""Where the program `temporal` is found, in which order."""

import shutil
import sys
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from cashier.system.setup import look_at
from cashier.system.temporal import (
    guarded_program,
    set_up_embedded,
    start_embedded,
    temporal_program,
)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python without the program beside it, and a PATH with one."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "temporal"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.delenv("TEMPORAL_CLI_PATH", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return program


def test_the_named_program_comes_first(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporal").touch()
    named = shutil.copy(elsewhere, tmp_path / "mine")
    monkeypatch.setenv("TEMPORAL_CLI_PATH", str(named))
    assert temporal_program() == str(named)


def test_a_named_program_that_is_not_there_is_said(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_CLI_PATH", "/nowhere/temporal")
    with pytest.raises(FileNotFoundError, match="TEMPORAL_CLI_PATH"):
        temporal_program()


def test_the_program_beside_python_comes_before_the_one_on_path(
    elsewhere: Path, tmp_path: Path
) -> None:
    (tmp_path / "temporal").touch()
    assert temporal_program() == str(tmp_path / "temporal")


def test_the_program_on_path_comes_last(elsewhere: Path) -> None:
    assert temporal_program() == str(elsewhere)


def test_no_program_leaves_it_to_the_sdk_to_get_one(elsewhere: Path) -> None:
    elsewhere.unlink()
    assert temporal_program() is None


async def test_a_database_of_before_gets_what_payments_are_listed_by(
    tmp_path: Path,
) -> None:
    database = tmp_path / "temporal.sqlite"
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=guarded_program(),
        dev_server_database_filename=str(database),
        dev_server_log_level="error",
    ):
        pass
    for _ in range(2):
        async with await start_embedded(database=database) as env:
            await set_up_embedded(env.client)
            assert (await look_at(env.client, "default")).missing == ()
