"""The checks for each process, and the settings that each check needs."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from alipay.client import open_connections
from cashier.doctor.checks.alipay import SUBJECT as ALIPAY, check_alipay
from cashier.doctor.checks.callbacks import SUBJECT as CALLBACKS, check_callbacks
from cashier.doctor.checks.findings import Finding, skipped
from cashier.doctor.checks.folders import SUBJECT as FOLDERS, check_folders
from cashier.doctor.checks.keys import SUBJECT as KEYS, check_keys
from cashier.doctor.checks.notify_url import SUBJECT as NOTIFY_URL, check_notify_url
from cashier.doctor.checks.payload_keys import (
    SUBJECT as PAYLOAD_KEYS,
    check_payload_keys,
)
from cashier.doctor.checks.running import Check, Findings, in_own_thread, run_checks
from cashier.doctor.checks.temporal import SUBJECT as TEMPORAL, check_temporal
from cashier.doctor.checks.workers import SUBJECT as WORKERS, check_workers
from cashier.doctor.settings import Part, PartSettings, read_parts, unread
from settings.shared import PayloadSettings, Settings
from settings.worker import WorkerSettings
from worker import open_alipay_connections, open_callback_connections

# In seconds. Files are on this machine, or on a healthy network disk.
OF_FILES = 5
# A connection within 5 s, and a few calls of at most 4 s each.
OF_TEMPORAL = 20
# Alipay may take 10 s for an answer, and 3 s for the connection.
OF_ALIPAY = 15
# A shop may take 8 s for each of two events.
OF_SHOP = 20
TAKES = (Part.WORKER, Part.API)
USES_TEMPORAL = (*TAKES, Part.ARCHIVER)


async def examine(parts: Sequence[Part]) -> list[Finding]:
    """Return the findings of all checks for some processes.

    Each check ends within its time limit, of 20 s at most; all run concurrently, and
    none stops another.
    """
    try:
        async with asyncio.timeout(OF_FILES):
            settings = await in_own_thread(partial(read_parts, parts))
    except TimeoutError:
        settings = PartSettings(findings=[unread(OF_FILES)])
    lines = await run_checks(checks_of(parts, settings))
    return settings.findings + lines


def checks_of(parts: Sequence[Part], settings: PartSettings) -> list[Check]:
    """Return the checks for processes whose settings have been read."""
    read = settings.read
    worker: WorkerSettings | None = read.get(Part.WORKER)
    # Settings of both; the worker's also name the merchant's key, and the proxy.
    shared: Settings | None = worker or read.get(Part.API)
    payloads = next(
        (
            read[part]
            for part in USES_TEMPORAL
            if part in read and _decides_encryption(read[part])
        ),
        None,
    )
    keys = partial(check_keys, shared, worker) if shared else None
    notified = partial(_notified, shared, worker) if shared else None
    alipay = partial(_alipay, worker) if worker else None
    opened = partial(check_payload_keys, payloads) if payloads else None
    callbacks = partial(_callbacks, worker) if worker else None
    folders = partial(check_folders, _folders_of(settings))
    wanted: list[tuple[Sequence[Part], str, float, Callable[[], Findings] | None]] = [
        (TAKES, KEYS, OF_FILES, keys),
        ((Part.WORKER,), ALIPAY, OF_ALIPAY, alipay),
        (TAKES, NOTIFY_URL, OF_ALIPAY, notified),
        (USES_TEMPORAL, TEMPORAL, OF_TEMPORAL, check_temporal),
        (TAKES, WORKERS, OF_TEMPORAL, check_workers),
        (USES_TEMPORAL, PAYLOAD_KEYS, OF_TEMPORAL, opened),
        ((Part.WORKER,), CALLBACKS, OF_SHOP, callbacks),
        ([*Part], FOLDERS, OF_FILES, folders),
    ]
    return [
        Check(
            subject,
            findings or partial(_skips, subject, asked),
            patience,
            needs_temporal=subject in (WORKERS, PAYLOAD_KEYS),
        )
        for needs, subject, patience, findings in wanted
        if (asked := [part for part in needs if part in parts])
    ]


def _decides_encryption(settings: PayloadSettings) -> bool:
    """Whether they choose encryption or clear text; an archiver need not."""
    return settings.clear_text or settings.payload_keys_dir is not None


async def _skips(subject: str, needs: Sequence[Part]) -> Findings:
    named = ", ".join(needs)
    yield skipped(subject, f"it needs settings that are wrong or missing: {named}")


async def _alipay(settings: WorkerSettings) -> Findings:
    async with open_alipay_connections(settings) as http:
        async for one in check_alipay(settings, http):
            yield one


async def _notified(settings: Settings, proxy_of: WorkerSettings | None) -> Findings:
    opened = open_alipay_connections(proxy_of) if proxy_of else open_connections()
    async with opened as http:
        async for one in check_notify_url(settings, http):
            yield one


async def _callbacks(settings: WorkerSettings) -> Findings:
    async with open_callback_connections(settings) as http:
        async for one in check_callbacks(settings, http):
            yield one


def _folders_of(settings: PartSettings) -> dict[str, Path]:
    """Return the folders that the processes write to, by the name of the setting."""
    found: dict[str, Path | None] = {}
    if archiver := settings.read.get(Part.ARCHIVER):
        found["CASHIER_ARCHIVE_DIR"] = archiver.archive_dir
    if simulator := settings.read.get(Part.SIMULATOR):
        file = simulator.state_file
        found["SIMULATOR_STATE_FILE"] = file.parent if file else None
    if storefront := settings.read.get(Part.STOREFRONT):
        found["STOREFRONT_DATABASE"] = storefront.database.parent
    return {name: folder for name, folder in found.items() if folder}
