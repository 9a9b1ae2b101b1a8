"""`cashier audit export`, `bundle` and `keys`: make the files for the auditor."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from audit.bundle.errors import BundleError
from audit.bundle.export import digest_of_bundle, export_bundle
from audit.bundle.manifest import Manifest, Selection
from audit.bundle.signing_keys import key_id, load_private, load_public, make_pair
from audit.bundle.writing import write_bundle
from cashier.printing import print_line
from cashier.temporal_calls import CommandError, WrongSettingError, printable
from codec.keyring import Keyring
from codec.payload_codec import EncryptingCodec

# The most runs and findings that are listed; the rest is only counted.
MOST_NAMED = 20

Tell = Callable[[int, int], None]


@contextmanager
def progress_bar(what: str) -> Iterator[Tell]:
    """Show the progress on stderr, where that is a terminal."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def make_keys(folder: Path, console: Console) -> None:
    """Make the key pair of bundles, and print who keeps which file.

    Raises:
        WrongSettingError: There is already one.
    """
    try:
        private, public = make_pair(folder)
    except FileExistsError as error:
        raise WrongSettingError(
            f"{error.filename} exists already; nothing was changed"
        ) from None
    print_line(
        console, f"Signs bundles:    {private}  (keep it where bundles are made)"
    )
    print_line(console, f"Verifies bundles: {public}  (give it to the auditors)")
    print_line(console, f"Its id in manifests: {key_id(load_public(public))}")


async def export(
    client: Client,
    console: Console,
    folder: Path,
    selection: Selection,
    *,
    keyring: Keyring | None,
    key: Path | None,
    previous: Path | None,
) -> int:
    """Export and print the result; return 1 if the server no longer had some histories.

    Raises:
        CommandError: It cannot be written, or Temporal does not take the query.
    """
    try:
        signer = load_private(key) if key else None
        with progress_bar("Exporting histories") as tell:
            exported = await export_bundle(
                client,
                folder,
                selection,
                codec=EncryptingCodec(keyring) if keyring else None,
                key=signer,
                previous=previous,
                tell=tell,
            )
    except BundleError as error:
        raise WrongSettingError(printable(str(error))) from None
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT and selection.query:
            said = printable(error.message)
            raise WrongSettingError(f"--query: Temporal refuses it: {said}") from None
        raise
    _print_contents(console, folder, exported.manifest)
    if exported.manifest.histories > exported.fetched:
        there = exported.manifest.histories - exported.fetched
        print_line(
            console, f"{there:,} of them were there from the interrupted export."
        )
    if not exported.gone:
        return 0
    named = "\n".join(f"  {one}" for one in exported.gone[:MOST_NAMED])
    raise CommandError(
        f"{len(exported.gone)} histories were listed, and deleted by the server "
        f"before they were fetched; they are not in the bundle:\n{named}"
    )


def bundle_files(
    console: Console,
    folder: Path,
    files: Sequence[Path],
    *,
    keyring: Keyring | None,
    key: Path | None,
    previous: Path | None,
) -> None:
    """Make a bundle of histories that were downloaded one by one.

    Raises:
        CommandError: One is not a history, or the folder cannot be written to.
    """
    try:
        manifest = write_bundle(
            folder,
            _contents(files),
            codec=EncryptingCodec(keyring) if keyring else None,
            key=load_private(key) if key else None,
            previous=digest_of_bundle(previous) if previous else None,
        )
    except BundleError as error:
        raise WrongSettingError(printable(str(error))) from None
    _print_contents(console, folder, manifest)


def time_of(option: str, text: str | None) -> datetime | None:
    """Read a time of the command line: a day or a time; UTC unless it says otherwise.

    Raises:
        WrongSettingError: It is malformed.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise WrongSettingError(
            f"{option}: must be a day or a time in ISO 8601, such as 2026-11-24 or "
            f"2026-11-24T09:00Z, is {printable(text, longest=40)!r}"
        ) from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _contents(files: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for file in files:
        try:
            yield str(file), file.read_bytes()
        except OSError as error:
            raise BundleError(f"{str(file)!r}: {error.strerror}") from None


def _print_contents(console: Console, folder: Path, manifest: Manifest) -> None:
    signed = f"signed by {manifest.key_id}" if manifest.key_id else "not signed"
    after = f", after {manifest.previous[:16]}..." if manifest.previous else ""
    print_line(console, f"{folder}: {manifest.histories:,} histories, {signed}{after}")
