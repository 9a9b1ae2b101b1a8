"""`cashier audit schedule` and `archiver`: schedule the archive, and make it."""

import asyncio
import signal
from datetime import time, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from temporalio.client import Client

from audit.archive.activities import ArchiveActivities
from audit.archive.schedule import build_archiver, next_archive, plan_archive
from audit.bundle.errors import BundleError
from audit.bundle.signing_keys import load_private
from cashier.temporal_calls import WrongSettingError, ends_within, printable
from codec.keyring import Keyring
from codec.payload_codec import EncryptingCodec
from http_server.beside import served_beside
from http_server.health import create_health_app
from temporal_client import connect

# Three calls, which a healthy Temporal answers at once.
PATIENCE = timedelta(seconds=20)


async def schedule(client: Client, console: Console, *, at: str) -> int:
    """Create or change the schedule of the archive; return the exit code.

    Raises:
        WrongSettingError: The time of day is malformed, or too early.
    """
    try:
        clock = time.fromisoformat(at)
        planned = clock.replace(second=0, microsecond=0)
        async with ends_within(
            PATIENCE,
            "it is not known whether the archive is scheduled; repeat the command",
        ):
            is_new = await plan_archive(client, at=planned)
            when = await next_archive(client)
    except ValueError as error:
        said = printable(str(error), longest=80)
        raise WrongSettingError(
            f"--at: must be a time of day such as 03:00 ({said})"
        ) from None
    what = "Planned" if is_new else "The schedule was changed"
    said = f"next at {when:%Y-%m-%d %H:%M} UTC" if when else "but it is paused"
    console.print(f"{what}: {said}. It needs: cashier audit archiver", highlight=False)
    return 0


def signing_key(file: Path) -> Ed25519PrivateKey:
    """Read the key that signs the archive.

    Raises:
        WrongSettingError: It cannot be used.
    """
    try:
        return load_private(file)
    except BundleError as error:
        raise WrongSettingError(printable(str(error))) from None


async def serve_archive(
    folder: Path,
    key: Ed25519PrivateKey,
    *,
    keyring: Keyring | None,
    health_address: str | None = None,
) -> None:
    """Make archives when the schedule starts them, until SIGTERM or SIGINT.

    Args:
        folder: Where each day's bundle goes.
        key: Signs the bundles.
        keyring: Decrypts histories; None where all are in clear text.
        health_address: Where probes are answered, `host:port`; None for nowhere.
    """
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    client = await connect(keyring=keyring)
    codec = EncryptingCodec(keyring) if keyring else None
    activities = ArchiveActivities(client, folder, key, codec=codec)
    worker = build_archiver(client, activities)
    health = create_health_app(lambda: worker.is_running and not stop.is_set())
    async with served_beside(health, health_address, what="health is"), worker:
        await stop.wait()
