"""Checks the payload keys: the newest one, and those of open payments."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client, WorkflowExecution as Listed
from temporalio.service import RPCError, RPCStatusCode

from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.doctor.checks.running import Findings, in_own_thread
from cashier.temporal_calls import QUICK, printable, reached_temporal
from codec.keyring import (
    LOOK_AGAIN_SECONDS,
    Keyring,
    KeyringError,
    key_id_from,
    read_keys,
)
from codec.payload_codec import KEY_ID_FIELD, EncryptingCodec, UnreadablePayloadError
from settings.shared import PayloadSettings
from visibility.stuck import OPEN

ListedT = TypeVar("ListedT")

SUBJECT = "payload keys"
NO_PROBLEM = ("", "")
# The list is read up to here; more rows than any merchant has open.
MOST_LISTED = 10_000
LISTING = timedelta(seconds=10)
# The oldest need old keys; the newest may need a key that is missing here.
OLDEST, NEWEST = 150, 50
AT_ONCE = 20
RESTORE = (
    "restore the file {key id}.key into the folder of every worker, API and codec "
    "server; it is on the machine that made it, or in the backup"
)
SPREAD = "copy the newest key into the folder of every worker, API and archiver"


async def check_payload_keys(settings: PayloadSettings) -> Findings:
    """Check the keys, and decrypt the inputs of open payments with them."""
    if settings.payload_keys_dir is None:
        why = (
            "CASHIER_CLEAR_TEXT=true: no keys are used, and Temporal stores clear text"
        )
        yield ok(SUBJECT, "newest", why)
        return
    folder = settings.payload_keys_dir
    try:
        ids = sorted(await in_own_thread(lambda: read_keys(folder)))
        keyring = await in_own_thread(lambda: Keyring.load(folder))
        in_use = keyring.newest()[0]
    except KeyringError as error:
        yield wrong(SUBJECT, "newest", printable(str(error)), RESTORE, exit_code=2)
        return
    to_come = [one for one in ids if one > in_use]
    later = f"; from its time on: {to_come[0]}" if to_come else ""
    yield ok(SUBJECT, "newest", f"{in_use} is written with, of {len(ids)}{later}")
    async with reached_temporal(keyring=None) as client:
        yield await _of_open_payments(client, keyring)


async def _of_open_payments(client: Client, keyring: Keyring) -> Finding:
    listed = [
        one
        async for one in client.list_workflows(
            OPEN, limit=MOST_LISTED, rpc_timeout=LISTING
        )
    ]
    chosen = chosen_of(sorted(listed, key=lambda one: one.start_time))
    looks = asyncio.Semaphore(AT_ONCE)

    async def look(one: Listed) -> tuple[str, str]:
        async with looks:
            return await _problem_of(client, one, keyring)

    found = Counter(await asyncio.gather(*map(look, chosen)))
    read = found.pop(NO_PROBLEM, 0)
    if found:
        (why, todo), number = found.most_common(1)[0]
        more = f"; {len(found) - 1} more keys" if len(found) > 1 else ""
        why = (
            f"{why}: {number} of the {len(chosen)} open workflows that were "
            f"checked{more}"
        )
        return wrong(SUBJECT, "open payments", why, todo)
    return ok(
        SUBJECT,
        "open payments",
        f"{read} of {len(listed)} open workflows were checked, and can be decrypted",
    )


def chosen_of(listed: Sequence[ListedT]) -> Sequence[ListedT]:
    """Return the open workflows to check, of all with the oldest first."""
    if len(listed) <= OLDEST + NEWEST:
        return listed
    return [*listed[:OLDEST], *listed[-NEWEST:]]


async def _problem_of(client: Client, one: Listed, keyring: Keyring) -> tuple[str, str]:
    """Return the fault of the key of a workflow's input, and the remedy."""
    request = GetWorkflowExecutionHistoryRequest(
        namespace=client.namespace,
        execution=WorkflowExecution(workflow_id=one.id, run_id=one.run_id),
        maximum_page_size=1,
    )
    try:
        answer = await client.workflow_service.get_workflow_execution_history(
            request, timeout=QUICK
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return NO_PROBLEM  # it has ended, and been deleted, meanwhile
        raise
    started = answer.history.events[0].workflow_execution_started_event_attributes
    payloads = started.input.payloads
    key_id = _key_id_of(payloads[0]) if payloads else ""
    shown = printable(repr(key_id), longest=40)
    try:
        await EncryptingCodec(keyring).decode(payloads)
    except (KeyringError, UnreadablePayloadError):
        return f"payload key {shown} is missing, or another key has its name", RESTORE
    if _is_behind(key_id, one.start_time, keyring.newest()[0]):
        return (
            f"payload key {shown} is still used by some processes, past its time",
            SPREAD,
        )
    return NO_PROBLEM


def _is_behind(key_id: str, began: datetime, in_use: str) -> bool:
    """Whether a newer key was already in use when this key encrypted."""
    allowed = timedelta(seconds=2 * LOOK_AGAIN_SECONDS)
    return bool(key_id) and key_id < in_use <= key_id_from(began - allowed)


def _key_id_of(payload: Payload) -> str:
    return payload.metadata.get(KEY_ID_FIELD, b"").decode(errors="replace")
