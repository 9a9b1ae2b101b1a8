"""Opens several bundles: Alipay's files and bundles cover different days."""

from collections.abc import Sequence
from pathlib import Path

from audit.bundle.errors import BundleError
from audit.bundle.manifest import MANIFEST, digest_of
from audit.bundle.reading import Bundle


def open_bundles(folders: Sequence[Path]) -> tuple[list[Bundle], list[str]]:
    """Open bundles that are compared together, in any order.

    Returns:
        The bundles, and a text for each one that seems to be missing between them.

    Raises:
        BundleError: One has no manifest, or is given twice, even as a copy.
        OSError: One cannot be read.
    """
    known: dict[str, Bundle] = {}
    for folder in folders:
        bundle = _open(folder)
        digest = digest_of(folder / MANIFEST)
        if digest in known:
            same = str(known[digest].folder)
            raise BundleError(
                f"{str(folder)!r} is the same bundle as {same!r}: give each one once"
            )
        known[digest] = bundle
    return list(known.values()), _gaps(known)


def _open(folder: Path) -> Bundle:
    try:
        return Bundle.open(folder)
    except BundleError as error:
        raise BundleError(f"{str(folder)!r} is not a bundle: {error}") from None


def _gaps(bundles: dict[str, Bundle]) -> list[str]:
    """Return a text for each chained bundle whose previous one is not given.

    But not for the first one: earlier money is not compared.
    """
    chained = [one for one in bundles.values() if one.manifest.previous]
    first = min(
        bundles.values(),
        key=lambda one: (one.manifest.previous is not None, one.manifest.made_at),
    )
    return [
        f"{one.folder.name}: the previous bundle is not given, so money that is only "
        "in that bundle is MISSING_HERE"
        for one in chained
        if one is not first and one.manifest.previous not in bundles
    ]
