"""The Ed25519 keys of bundles: the exporter signs, and auditors verify."""

import hashlib
import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from audit.bundle.errors import BundleError

PRIVATE_FILE: Final = "bundle-key.pem"
PUBLIC_FILE: Final = "bundle-key.pub.pem"
# A key in PEM has some hundred bytes; a larger file is not read whole.
LARGEST_KEY: Final = 10_000
# Long enough to distinguish a merchant's few keys, short enough to compare by eye.
DIGITS_OF_ID: Final = 16


def make_pair(folder: Path) -> tuple[Path, Path]:
    """Make a key pair; return the files of the private and of the public key.

    Raises:
        FileExistsError: One exists; keys are never overwritten.
    """
    private, public = folder / PRIVATE_FILE, folder / PUBLIC_FILE
    for file in (private, public):
        if file.exists():
            raise FileExistsError(17, "exists", str(file))
    folder.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write_new(private, text, mode=0o600)
    text = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    _write_new(public, text, mode=0o644)
    return private, public


def load_private(file: Path) -> Ed25519PrivateKey:
    """Read the key that signs bundles.

    Raises:
        BundleError: It cannot be read, or is not such a key; the message never quotes
            it.
    """
    try:
        key = serialization.load_pem_private_key(_read(file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # `from None`: the library's message may quote the file.
        raise BundleError(f"{str(file)!r} is not a private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BundleError(f"{str(file)!r} is not an Ed25519 key")
    return key


def load_public(file: Path) -> Ed25519PublicKey:
    """Read the key that verifies bundles.

    Raises:
        BundleError: It cannot be read, or is not such a key.
    """
    try:
        key = serialization.load_pem_public_key(_read(file))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BundleError(f"{str(file)!r} is not a public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BundleError(f"{str(file)!r} is not an Ed25519 key")
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """Return the id of a key, by which manifests name the key that signed them."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:DIGITS_OF_ID]


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_KEY)
    except OSError as error:
        raise BundleError(
            f"the key {str(file)!r} cannot be read: {error.strerror}"
        ) from None


def _write_new(file: Path, content: bytes, *, mode: int) -> None:
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(opened, "wb") as out:
        out.write(content)
