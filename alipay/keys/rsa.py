"""Reads RSA keys in the forms that merchants have them in."""

import base64
import hashlib
from collections.abc import Mapping
from contextlib import suppress

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from alipay.errors import (
    KeyFormatError,
    MissingAlipayKeyError,
    SignatureVerificationError,
)
from alipay.keys.text import find_key


def load_private_key(text: str) -> RSAPrivateKey:
    """Read a private key: PKCS#8 or PKCS#1, as PEM or as Base64 (`find_key`).

    Raises:
        KeyFormatError: None of these forms; says what was found and never quotes it.
    """
    try:
        der = find_key(text, "PRIVATE KEY")
        key = _private_of(der)
        if key is None:
            raise KeyFormatError(f"found {_what_is(der)}")
    except TypeError:
        raise KeyFormatError(
            "private key cannot be read: it is encrypted with a password"
        ) from None
    except KeyFormatError as error:
        raise KeyFormatError(
            f"private key of {len(text.strip())} characters cannot be read ({error}); "
            "expected PEM, or one line of Base64 with PKCS#8 or PKCS#1 DER"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise KeyFormatError("private key is not an RSA key")
    return key


def load_public_key(text: str) -> RSAPublicKey:
    """Read a public key: SubjectPublicKeyInfo or PKCS#1, as PEM or as Base64.

    Raises:
        KeyFormatError: None of these forms, or not an RSA key; never quotes the text.
    """
    try:
        der = find_key(text, "PUBLIC KEY")
        key = _public_of(der)
        if key is None:
            raise KeyFormatError(f"found {_what_is(der)}")
    except KeyFormatError as error:
        raise KeyFormatError(
            f"public key of {len(text.strip())} characters cannot be read ({error}); "
            "expected PEM, or one line of Base64 with X.509 SubjectPublicKeyInfo DER"
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise KeyFormatError("public key is not an RSA key")
    return key


def one_line_public_key(key: RSAPublicKey) -> str:
    """Return the one-line form that Alipay's dashboard accepts and shows."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def _private_of(der: bytes) -> object | None:
    # DER itself distinguishes PKCS#8 and PKCS#1, so a wrong label does no harm. The
    # library's message is dropped: it may quote the unreadable key.
    with suppress(ValueError, UnsupportedAlgorithm):
        return serialization.load_der_private_key(der, password=None)
    return None


def _public_of(der: bytes) -> object | None:
    with suppress(ValueError, UnsupportedAlgorithm):
        return serialization.load_der_public_key(der)
    return None


def _what_is(der: bytes) -> str:
    """Return the kind of key that a PEM block holds, in words."""
    try:
        if _private_of(der):
            return "a private key"
    except TypeError:
        return "a private key that is encrypted with a password"
    if _public_of(der):
        return "a public key"
    with suppress(ValueError):
        x509.load_der_x509_certificate(der)
        return "a certificate"
    return "no key"


def fingerprint(key: RSAPublicKey) -> str:
    """Return the SHA-256 of a public key, in hexadecimal digits."""
    return hashlib.sha256(
        key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).hexdigest()


class AlipayKeys:
    """Alipay's public keys by key version; several may be valid at once."""

    def __init__(self, keys: Mapping[str, RSAPublicKey]) -> None:
        """Take the keys by version; versions are whole numbers as text.

        Raises:
            KeyFormatError: No key at all, or a version that is not a number.
        """
        if not keys:
            raise KeyFormatError("no public key of Alipay is configured")
        for version in keys:
            if not (version.isascii() and version.isdigit()):
                raise KeyFormatError(f"key version {version!r} is not a whole number")
        self._keys = {int(version): key for version, key in keys.items()}

    def of_version(self, version: str | None) -> RSAPublicKey:
        """Return the key of a version, the newest when none is named (protocol.md 1.2).

        Raises:
            SignatureVerificationError: There is no key of that version.
        """
        if version is None:
            return self._keys[max(self._keys)]
        known = ", ".join(str(number) for number in sorted(self._keys))
        if not (version.isascii() and version.isdigit() and len(version) < 10):
            raise SignatureVerificationError("keyVersion is not a whole number")
        if int(version) not in self._keys:
            raise SignatureVerificationError(
                f"no key of Alipay with keyVersion {int(version)} is configured; "
                f"known: {known}"
            )
        return self._keys[int(version)]

    @property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each key, by its version."""
        return {str(version): fingerprint(key) for version, key in self._keys.items()}

    def remember(self) -> None:
        """Let `remembered_keys` find these keys, as long as this process lives.

        A workflow gets no key as an argument, since anybody who starts it could forge
        one.
        """
        for key in self._keys.values():
            _REMEMBERED[fingerprint(key)] = key


_REMEMBERED: dict[str, RSAPublicKey] = {}


def remembered_keys(fingerprints: Mapping[str, str]) -> AlipayKeys:
    """Return exactly the keys with these fingerprints.

    Args:
        fingerprints: SHA-256 in hexadecimal digits, by version.

    Raises:
        MissingAlipayKeyError: This process never remembered one of them; says which.
    """
    for version, wanted in fingerprints.items():
        if wanted not in _REMEMBERED:
            raise MissingAlipayKeyError(
                f"Alipay's public key of version {version} is not among the keys of "
                "this process, and a payment trusts it: put its file into "
                f"CASHIER_ALIPAY_KEYS_DIR, where SHA-256 is {wanted}"
            )
    return AlipayKeys({one: _REMEMBERED[it] for one, it in fingerprints.items()})
