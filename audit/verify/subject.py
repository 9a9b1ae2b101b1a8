"""What was verified and with whose keys, so that a report names it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.bundle.manifest import MANIFEST, Selection, digest_of
from audit.bundle.reading import Bundle
from audit.bundle.signing_keys import key_id
from audit.verify.coverage import choice_of
from audit.verify.keys import VerifierKeys


@dataclass(frozen=True)
class BundleSubject:
    """One bundle, as its manifest describes it.

    Attributes:
        period: Which time of closing it holds, in words.
        choice: What of that time it holds, in words.
        sha256: Of the manifest; the next bundle names it.
        signer: The id of the key that signed it, as the manifest says.
    """

    name: str
    made_at: datetime
    period: str
    choice: str
    histories: int
    sha256: str
    previous: str | None
    signer: str | None


@dataclass(frozen=True)
class Subject:
    """The bundles that were verified, and the keys that were held for it.

    Attributes:
        key: The id of the public key that verified the bundles; None where none did.
        alipay_keys, merchant_keys: SHA-256 of each key, by its version.
    """

    bundles: tuple[BundleSubject, ...]
    key: str | None
    alipay_keys: dict[str, str]
    merchant_keys: dict[str, str]


def subject_of(bundles: Sequence[Bundle], keys: VerifierKeys) -> Subject:
    """Return what a report names at its head.

    Raises:
        KeyFormatError: A key cannot be read.
        OSError: A manifest cannot be read.
    """
    return Subject(
        tuple(map(_bundle, bundles)),
        key_id(keys.bundle) if keys.bundle else None,
        keys.alipay.fingerprints,
        keys.merchant.fingerprints if keys.merchant else {},
    )


def _bundle(bundle: Bundle) -> BundleSubject:
    manifest = bundle.manifest
    return BundleSubject(
        name=bundle.folder.resolve().name,
        made_at=manifest.made_at,
        period=_period(manifest.selection),
        choice=choice_of(manifest.selection) or "all that was closed then",
        histories=manifest.histories,
        sha256=digest_of(bundle.folder / MANIFEST),
        previous=manifest.previous,
        signer=manifest.key_id,
    )


def _period(selection: Selection) -> str:
    if selection.from_files:
        return "none named"
    since = _utc(selection.since) if selection.since else "the beginning"
    before = _utc(selection.before) if selection.before else "when it was made"
    still_open = ", and what was still open" if selection.include_open else ""
    return f"closed from {since} to {before}{still_open}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
