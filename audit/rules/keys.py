"""The auditor's keys: public keys to verify with, and keys that decrypt histories."""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from alipay.errors import KeyFormatError
from alipay.keys.rsa import AlipayKeys
from alipay.keys.versions import read_key_versions
from codec.keyring import Keyring


@dataclass(frozen=True)
class VerifierKeys:
    """The locations of the keys; each process reads them when first needed.

    Attributes:
        alipay_keys_dir: Alipay's public keys, one file each: `{keyVersion}.pem`.
        merchant_keys_dir: The merchant's public keys, with the same names; None leaves
            our own signatures unverified: no outcome depends on them.
        payload_keys_dir: The keys of encrypted histories, `{key id}.key`; None where
            all are in clear text.
        bundle_key_file: The Ed25519 public key of the bundle's maker, in PEM.
        client_id: The merchant's client id at Alipay; None accepts that of each
            history.
        evidence_since: Histories that began earlier may lack evidence, because older
            releases did not record it; None requires it of all.
    """

    alipay_keys_dir: Path
    merchant_keys_dir: Path | None = None
    payload_keys_dir: Path | None = None
    bundle_key_file: Path | None = None
    client_id: str | None = None
    evidence_since: datetime | None = None

    def check(self) -> None:
        """Read all keys once, so that a wrong one is reported at the start.

        Raises:
            KeyFormatError: One is missing or malformed; the message names the field.
            KeyringError: The same, of the payload keys.
        """
        _ = self.alipay, self.merchant, self.keyring, self.bundle

    @cached_property
    def alipay(self) -> AlipayKeys:
        """Alipay's public keys by version."""
        return _read_folder("alipay_keys_dir", self.alipay_keys_dir)

    @cached_property
    def merchant(self) -> AlipayKeys | None:
        """The merchant's public keys by version."""
        if self.merchant_keys_dir is None:
            return None
        return _read_folder("merchant_keys_dir", self.merchant_keys_dir)

    @cached_property
    def keyring(self) -> Keyring | None:
        """The keys of encrypted histories."""
        return Keyring.load(self.payload_keys_dir) if self.payload_keys_dir else None

    @cached_property
    def bundle(self) -> Ed25519PublicKey | None:
        """The public key of the bundle's maker."""
        file = self.bundle_key_file
        if file is None:
            return None
        try:
            key = load_pem_public_key(file.read_bytes())
        except (OSError, ValueError):
            raise KeyFormatError(
                f"bundle_key_file: {str(file)!r} is not a public key in PEM"
            ) from None
        if not isinstance(key, Ed25519PublicKey):
            raise KeyFormatError(
                f"bundle_key_file: {str(file)!r} is a {type(key).__name__}; it must be "
                "an Ed25519 public key"
            )
        return key

    def __getstate__(self) -> dict[str, Any]:
        # Keys cannot be pickled, but their locations can.
        return {field.name: getattr(self, field.name) for field in fields(self)}


def _read_folder(name: str, folder: Path) -> AlipayKeys:
    try:
        return read_key_versions(folder)
    except KeyFormatError as error:
        raise KeyFormatError(f"{name}: {error}") from None
