"""`cashier audit verify`: prints the findings, and sets the exit code."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from alipay.errors import KeyFormatError
from audit.bundle.errors import BundleError
from audit.bundle.manifest import MANIFEST
from audit.bundle.reading import Bundle
from audit.bundle.writing import write_bundle
from audit.findings import Finding, Rule
from audit.report.summary import write_report
from audit.rules.keys import VerifierKeys
from audit.verify.bundles import HistoryVerdict, Verdicts, verify_bundles
from audit.verify.subject import Subject, subject_of
from cashier.audit.export import progress_bar
from cashier.audit.verify_summary import Tally, line_of, say_end
from cashier.temporal_calls import WrongSettingError, a_console, printable
from codec.keyring import KeyringError
from codec.payload_codec import EncryptingCodec


@dataclass(frozen=True)
class Wanted:
    """How a bundle is verified, and where the findings go.

    Attributes:
        unsigned: Whether bundles are accepted without a signature.
        previous: The bundle before the first; None looks for it beside that one.
        report: The HTML file; None for none.
        as_json: One JSON object a line, instead of text.
        processes: None for one on each core.
    """

    unsigned: bool = False
    previous: Path | None = None
    report: Path | None = None
    as_json: bool = False
    processes: int | None = None


def verify_paths(paths: Sequence[Path], keys: VerifierKeys, wanted: Wanted) -> int:
    """Verify bundles, or one history that was downloaded; return the exit code.

    Raises:
        CommandError: Nothing can be verified: a file or a key is wrong.
    """
    for path in paths:
        if not path.exists():
            raise WrongSettingError(f"there is no {str(path)!r}")
        report = wanted.report
        if report and report.absolute().is_relative_to(path.absolute()):
            raise WrongSettingError(
                "--report: must lie outside of the bundle, which must not change"
            )
    files = [path for path in paths if path.is_file()]
    if files and len(paths) > 1:
        raise WrongSettingError(
            f"{str(files[0])!r} is a single history: give it alone, or make a bundle "
            "of several with `cashier audit bundle`"
        )
    try:
        if files:
            return _verify_file(files[0], keys, wanted)
        if keys.bundle_key_file is None and not wanted.unsigned:
            raise WrongSettingError(
                "--key: the public key of the bundle's maker is needed: without it "
                "anybody could have made the bundle; --unsigned accepts that"
            )
        return _verify(paths, keys, wanted)
    except (KeyFormatError, KeyringError) as error:
        raise WrongSettingError(printable(str(error))) from None


def _verify_file(file: Path, keys: VerifierKeys, wanted: Wanted) -> int:
    """Verify one history by the same steps, as a bundle with one history."""
    codec = EncryptingCodec(keys.keyring) if keys.keyring else None
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder) / "bundle"
        try:
            write_bundle(alone, [(str(file), file.read_bytes())], codec=codec)
        except (BundleError, OSError) as error:
            raise WrongSettingError(printable(str(error))) from None
        held = VerifierKeys(**{**keys.__getstate__(), "bundle_key_file": None})
        return _verify([alone], held, wanted)


def _verify(folders: Sequence[Path], keys: VerifierKeys, wanted: Wanted) -> int:
    console = a_console()
    try:
        bundles = [Bundle.open(folder) for folder in folders]
    except BundleError as error:
        # A finding, and not a wrong option: the manifest may have been removed on
        # purpose.
        expected = f"{MANIFEST} as it was written"
        found = Finding(Rule.MANIFEST, expected=expected, seen=str(error))
        say_end(console, Tally(), [found], as_json=wanted.as_json)
        return 1
    tally = Tally()
    with progress_bar("Verifying") as tell:
        verdicts = verify_bundles(
            bundles,
            keys,
            processes=wanted.processes or os.cpu_count() or 1,
            tell=tell,
            previous=wanted.previous,
        )
        subject = subject_of(bundles, keys)
        _go_through(console, verdicts, subject, tally, wanted)
    say_end(
        console,
        tally,
        verdicts.bundle_findings,
        as_json=wanted.as_json,
        report=wanted.report,
        subject=subject,
        notes=verdicts.bundle_notes,
    )
    return 1 if tally.findings or verdicts.bundle_findings else 0


def _go_through(
    console: Console,
    verdicts: Verdicts,
    subject: Subject,
    tally: Tally,
    wanted: Wanted,
) -> None:
    def told() -> Iterator[HistoryVerdict]:
        for verdict in verdicts:
            tally.add(verdict)
            if wanted.as_json:
                console.file.write(line_of(verdict))
            yield verdict

    if wanted.report is None:
        for _ in told():
            pass
        return
    try:
        write_report(
            wanted.report,
            told(),
            verdicts.bundle_findings,
            made_at=datetime.now(UTC),
            subject=subject,
            bundle_notes=verdicts.bundle_notes,
        )
    except OSError as error:
        raise WrongSettingError(f"--report: {error}") from None
