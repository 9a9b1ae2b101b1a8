"""Exports histories from a server as a bundle; continues an interrupted export."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import Client, WorkflowExecution, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode

from audit.bundle.describing import describe, file_name
from audit.bundle.errors import BundleError
from audit.bundle.index import Entry
from audit.bundle.manifest import MANIFEST, Manifest, Selection, digest_of
from audit.bundle.reading import Bundle
from audit.bundle.writing import UnfinishedBundle
from codec.payload_codec import EncryptingCodec
from contracts import (
    ORDER_ID_PATTERN,
    callback_id,
    callbacks_id,
    late_payment_id,
    refunds_id,
    workflow_id,
)
from visibility import ORDER_ID
from visibility.stuck import OURS, time_in_query

# A server answers so many concurrent calls without slowing down payments.
FETCHES_AT_ONCE: Final = 16
PAGE: Final = 500
# The time-out of one call to Temporal, which the SDK repeats for a while.
PATIENCE: Final = timedelta(seconds=30)

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Exported:
    """The result of an export.

    Attributes:
        manifest: The manifest of the finished bundle.
        fetched: How many histories this call has fetched; the others were there before.
        gone: Runs that were listed, but deleted before they were fetched.
    """

    manifest: Manifest
    fetched: int
    gone: list[str]


def _silence(done: int, total: int) -> None:
    """Report no progress."""
    del done, total


async def export_bundle(
    client: Client,
    folder: Path,
    selection: Selection,
    *,
    codec: EncryptingCodec | None = None,
    key: Ed25519PrivateKey | None = None,
    previous: Path | None = None,
    tell: Tell = _silence,
) -> Exported:
    """Write the bundle of a selection; an interrupted one is continued.

    Args:
        client: Connected to the server; histories are written as stored, encrypted.
        folder: A new or empty folder, or that of an interrupted export.
        selection: Which histories; without an end, all that are listed.
        codec: Decrypts outcomes and money for the index; without it, the index has the
            listed fields of encrypted histories.
        key: Signs it; None for an unsigned one.
        previous: The previous bundle, to which it is chained.
        tell: Called with the number of finished histories, and of all.

    Raises:
        BundleError: The folder cannot be written to, `previous` is not a bundle, or the
            order's id is malformed.
        RPCError: Temporal does not answer, or rejects the query.
    """
    chained = digest_of_bundle(previous) if previous else None
    with UnfinishedBundle.opened(folder) as unfinished:
        unfinished.agree_on(selection)
        work = _Export(client, unfinished, selection, codec)
        await work.run(tell)
        manifest = unfinished.finish(selection, key=key, previous=chained)
        return Exported(manifest, work.fetched, work.gone)


def digest_of_bundle(folder: Path) -> str:
    """Return the SHA-256 of a bundle's manifest, by which the next bundle names it.

    Raises:
        BundleError: The folder is not a bundle.
    """
    Bundle.open(folder)
    return digest_of(folder / MANIFEST)


def query_of(selection: Selection) -> str:
    """Return the filter of Temporal's list for a selection; it may match some more.

    Raises:
        BundleError: The order's id is malformed.
    """
    # Not by status: the SDK knows only one of the two open statuses.
    closed = ["CloseTime IS NOT NULL"]
    if selection.since:
        closed.append(f'CloseTime >= "{time_in_query(selection.since)}"')
    if selection.before:
        closed.append(f'CloseTime < "{time_in_query(selection.before)}"')
    wanted = " AND ".join(closed)
    if selection.include_open:
        wanted = f"(({wanted}) OR CloseTime IS NULL)"
    parts = [OURS, wanted]
    if order := selection.order_id:
        if not re.fullmatch(ORDER_ID_PATTERN, order):
            raise BundleError(
                "order: must be 1 to 60 letters, digits, - and _; it has "
                f"{len(order)} characters"
            )
        # By ids, too: workflows of older releases have no search attributes.
        parts.append(
            f'({ORDER_ID.name} = "{order}" OR WorkflowId = "{workflow_id(order)}" OR '
            f'WorkflowId STARTS_WITH "{late_payment_id(f"{order}_")}" OR '
            f'WorkflowId STARTS_WITH "{callback_id(f"{order}_")}" OR '
            f'WorkflowId = "{callbacks_id(order)}" OR '
            f'WorkflowId = "{refunds_id(order)}")'
        )
    if selection.query:
        parts.append(f"({selection.query})")
    return " AND ".join(parts)


class _Export:
    """One run of an export."""

    def __init__(
        self,
        client: Client,
        unfinished: UnfinishedBundle,
        selection: Selection,
        codec: EncryptingCodec | None,
    ) -> None:
        self._client = client
        self._unfinished = unfinished
        self._selection = selection
        self._codec = codec
        self._query = query_of(selection)
        self._slots = asyncio.Semaphore(FETCHES_AT_ONCE)
        self.fetched = 0
        self.gone: list[str] = []

    async def run(self, tell: Tell) -> None:
        counted = await self._client.count_workflows(self._query, rpc_timeout=PATIENCE)
        done = 0

        async def take(one: WorkflowExecution) -> None:
            nonlocal done
            try:
                await self._take(one)
            finally:
                self._slots.release()
            done += 1
            tell(done, max(done, counted.count))

        tell(0, counted.count)
        try:
            async with asyncio.TaskGroup() as group:
                async for one in self._listed():
                    # Waits for a free slot, so that only a page of the list is in
                    # memory.
                    await self._slots.acquire()
                    group.create_task(take(one))
        except BaseExceptionGroup as several:
            # All fail in the same way; callers handle a single error.
            raise several.exceptions[0] from None

    def _listed(self) -> AsyncIterator[WorkflowExecution]:
        return self._client.list_workflows(
            self._query, page_size=PAGE, rpc_timeout=PATIENCE
        )

    async def _take(self, one: WorkflowExecution) -> None:
        if self._unfinished.has(file_name(one.id, one.run_id)):
            return
        handle = self._client.get_workflow_handle(one.id, run_id=one.run_id)
        try:
            history = await handle.fetch_history(rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            self.gone.append(f"{one.id} {one.run_id}")
            return
        content = to_json(history)
        digest = hashlib.sha256(content).hexdigest()
        entry = describe(history, self._codec, sha256=digest)
        if self._is_wanted(entry):
            self._unfinished.add(entry, content)
            self.fetched += 1

    def _is_wanted(self, entry: Entry) -> bool:
        """Whether a run belongs to the selected order, if there is one.

        The filter also matches late money of orders whose id has the same beginning.
        Refunds may be recognizable only by their workflow id, which follows from the
        order's.
        """
        wanted = self._selection.order_id
        if not wanted:
            return True
        return entry.order_id == wanted or entry.workflow_id == refunds_id(wanted)


def to_json(history: WorkflowHistory) -> bytes:
    """Write a history like `temporal workflow show -o json`, on one line.

    With sorted keys, so that two exports of a closed run are identical.
    """
    written = json.dumps(history.to_json_dict(), separators=(",", ":"), sort_keys=True)
    return written.encode() + b"\n"
