"""How processes that serve Temporal end where it cannot be used: in plain words."""

from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment
from typer.testing import Result

from audit.bundle.signing_keys import make_pair
from cashier.system.home import Home
from cashier.system.ports import Ports
from tests.cashier.operating import Desk

COMMANDS = pytest.mark.parametrize(
    "command", [("worker",), ("audit", "archiver"), ("stuck",)], ids=" ".join
)


@pytest.fixture
def sound(tmp_path: Path) -> dict[str, str]:
    home = Home(tmp_path / "home")
    home.prepare()
    private, _ = make_pair(tmp_path / "audit")
    settings = {
        **home.environment(Ports()),
        "CASHIER_AUDIT_KEY_FILE": str(private),
        "CASHIER_ARCHIVE_DIR": str(tmp_path),
        "CASHIER_CLEAR_TEXT": "",
    }
    return {
        name: value for name, value in settings.items() if not name.startswith("TEMP")
    }


def _is_plain(said: Result) -> bool:
    raw = ("Traceback", "tonic", "Error(", "RPCError")
    return not any(word in said.output for word in raw)


@COMMANDS
async def test_a_temporal_that_is_away_ends_a_process_with_3(
    command: tuple[str, ...], dev_server: WorkflowEnvironment, sound: dict[str, str]
) -> None:
    settings = {**sound, "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    said = await Desk(dev_server.client).run(*command, **settings)
    assert said.exit_code == 3
    assert "Temporal cannot be reached: Connection refused" in said.stderr
    assert _is_plain(said)


@COMMANDS
async def test_an_unknown_namespace_ends_a_process_with_2(
    command: tuple[str, ...], dev_server: WorkflowEnvironment, sound: dict[str, str]
) -> None:
    settings = {**sound, "TEMPORAL_NAMESPACE": "nowhere"}
    said = await Desk(dev_server.client).run(*command, **settings)
    assert said.exit_code == 2
    assert "TEMPORAL_NAMESPACE: Namespace nowhere is not found" in said.stderr
    assert _is_plain(said)


@COMMANDS
async def test_tls_where_none_is_spoken_ends_a_process_with_3(
    command: tuple[str, ...], dev_server: WorkflowEnvironment, sound: dict[str, str]
) -> None:
    settings = {**sound, "TEMPORAL_TLS": "true"}
    said = await Desk(dev_server.client).run(*command, **settings)
    assert said.exit_code == 3
    assert "Temporal cannot be reached" in said.stderr
    assert "TEMPORAL_TLS" in said.stderr
    assert _is_plain(said)
