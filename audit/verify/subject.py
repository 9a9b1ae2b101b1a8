"""The verified bundles and the keys, for the head of the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.bundle.manifest import MANIFEST, Selection, digest_of
from audit.bundle.reading import Bundle
from audit.bundle.signing_keys import key_id
from audit.rules.keys import VerifierKeys
from audit.verify.coverage import choice_of


@dataclass(frozen=True)
class BundleSubject:
    """One bundle, from its manifest.

    Attributes:
        period: Its period of closing times, as text.
        choice: Its selection within the period, as text.
        sha256: The manifest's SHA-256, which the next bundle names.
        signer: The id of the key that signed it, from the manifest.
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
    """The verified bundles, and the keys.

    Attributes:
        key: The id of the public key for the bundles; None without one.
        alipay_keys, merchant_keys: SHA-256 of each key, by its version.
    """

    bundles: tuple[BundleSubject, ...]
    key: str | None
    alipay_keys: dict[str, str]
    merchant_keys: dict[str, str]


def subject_of(bundles: Sequence[Bundle], keys: VerifierKeys) -> Subject:
    """Return the verified bundles and keys, for the head of a report.

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
        choice=choice_of(manifest.selection) or "all that closed then",
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
