"""Reading RSA keys in the forms in which merchants have them at hand."""

import base64
import binascii
from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from alipay.errors import KeyFormatError, SignatureVerificationError


def load_private_key(text: str) -> RSAPrivateKey:
    """Read a private key: one-line Base64 of PKCS#8 or PKCS#1 DER, or either as PEM.

    Raises:
        KeyFormatError: None of these forms; the message never quotes the text.
    """
    text = text.strip()
    try:
        if text.startswith("-----BEGIN"):
            key = serialization.load_pem_private_key(text.encode(), password=None)
        else:
            key = serialization.load_der_private_key(_one_line(text), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # `from None`: the library's message may quote what it could not read.
        raise KeyFormatError(
            f"private key of {len(text)} characters cannot be read ({_kind(error)}); "
            "expected PEM, or one line of Base64 with PKCS#8 or PKCS#1 DER"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise KeyFormatError("private key is not an RSA key")
    return key


def load_public_key(text: str) -> RSAPublicKey:
    """Read a public key: one-line Base64 of SubjectPublicKeyInfo DER, or PEM.

    Raises:
        KeyFormatError: Neither form, or not an RSA key.
    """
    text = text.strip()
    try:
        if text.startswith("-----BEGIN"):
            key = serialization.load_pem_public_key(text.encode())
        else:
            key = serialization.load_der_public_key(_one_line(text))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFormatError(
            f"public key of {len(text)} characters cannot be read ({_kind(error)}); "
            "expected PEM, or one line of Base64 with X.509 SubjectPublicKeyInfo DER"
        ) from None
    if not isinstance(key, RSAPublicKey):
        raise KeyFormatError("public key is not an RSA key")
    return key


def one_line_public_key(key: RSAPublicKey) -> str:
    """Return the form that Alipay's dashboard takes and shows."""
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def _one_line(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)


def _kind(error: Exception) -> str:
    return "not Base64" if isinstance(error, binascii.Error) else "not a key"


class AlipayKeys:
    """Alipay's public keys by key version; several may be valid at once."""

    def __init__(self, keys: Mapping[str, RSAPublicKey]) -> None:
        """Take the keys by version; versions are whole numbers in text.

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
            SignatureVerificationError: We hold no key of that version.
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
