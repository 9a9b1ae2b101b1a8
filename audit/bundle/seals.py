"""Verifies a bundle's signature, and its link to the bundle before it.

The signature is raw Ed25519 over the bytes of the manifest, as `openssl pkeyutl -verify
-pubin -inkey KEY -rawin -in manifest.json -sigfile manifest.sig` reads it too.
"""

import mmap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.bundle.errors import BundleError
from audit.bundle.folders import plain_file
from audit.bundle.manifest import MANIFEST, SIGNATURE, Manifest, digest_of, read_head
from audit.bundle.signing_keys import key_id
from audit.findings import Finding, Rule

SIGNATURE_BYTES: Final = 64


def signature_problems(
    folder: Path, manifest: Manifest, key: Ed25519PublicKey | None
) -> Iterator[Finding]:
    """Find out whether the signature of the manifest is missing or invalid."""
    if key is None:
        return
    rule, named = Rule.SIGNATURE_OF_BUNDLE, manifest.key_id
    expected = f"a signature of the key {key_id(key)}"
    path = plain_file(folder, SIGNATURE)
    if path is None:
        yield Finding(rule, expected=expected, seen=f"no file {SIGNATURE}")
    elif (size := path.stat().st_size) != SIGNATURE_BYTES:
        yield Finding(rule, expected=expected, seen=f"{SIGNATURE} of {size} bytes")
    elif not _fits(key, path.read_bytes(), folder / MANIFEST):
        seen = f"one that does not match; the manifest names the key {named}"
        yield Finding(rule, expected=expected, seen=seen)
    elif named != key_id(key):
        yield Finding(rule, expected=expected, seen=f"the key {named} is named")


def _fits(key: Ed25519PublicKey, signature: bytes, manifest: Path) -> bool:
    # Memory-mapped: a manifest grows with its bundle.
    with (
        manifest.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as content,
    ):
        try:
            key.verify(signature, content)
        except InvalidSignature:
            return False
    return True


def chain_problems(
    folder: Path, manifest: Manifest, previous: Path | None
) -> Iterator[Finding]:
    """Find out whether the previous bundle was removed or changed.

    Args:
        folder: Where the bundle is.
        manifest: Its manifest.
        previous: The previous bundle; None looks for it beside this one, and finds no
            problem if there is no older bundle: one bundle can be verified alone.
    """
    wanted = manifest.previous
    if previous is None:
        older = list(_older_beside(folder, manifest))
        if wanted and older and not any(map(_is_manifest_of(wanted), older)):
            expected = f"beside it the previous bundle, with the manifest {wanted}"
            seen = f"{len(older)} older, none of them that one"
            yield Finding(Rule.CHAIN, expected=expected, seen=seen)
        return
    try:
        found = digest_of(previous / MANIFEST)
    except OSError:
        expected, seen = "the bundle before this one", f"none in {str(previous)!r}"
        yield Finding(Rule.CHAIN, expected=expected, seen=seen)
        return
    if found != wanted:
        expected = f"after the manifest {found}"
        seen = f"after {wanted}" if wanted else "the first of a chain"
        yield Finding(Rule.CHAIN, expected=expected, seen=seen)


def _is_manifest_of(digest: str) -> Callable[[Path], bool]:
    return lambda folder: digest_of(folder / MANIFEST) == digest


def _older_beside(folder: Path, manifest: Manifest) -> Iterator[Path]:
    """Return the names of older bundles beside one, the most likely one last."""
    here = folder.resolve()
    for one in sorted(here.parent.iterdir(), reverse=True):
        try:
            if one != here and read_head(one).made_at <= manifest.made_at:
                yield one
        except (BundleError, OSError):
            continue
