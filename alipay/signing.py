"""Alipay's RSA256 signature over method, path, client id, time and raw body.

Lenient in reading the header (the documentation prints blanks, the SDKs do not, values
come percent-encoded or plain), strict in verifying: raw bytes, one algorithm, one
error. Source: https://global.alipay.com/docs/ac/ams/digital_signature
"""

import base64
import binascii
import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote, unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicNumbers,
)

from alipay.errors import SignatureVerificationError
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message

# A 2048-bit signature makes about 420 characters, a 4096-bit one about 800.
LONGEST_HEADER = 4096
URL_ALPHABET = str.maketrans("-_", "+/")


@dataclass(frozen=True)
class Signature:
    """A parsed `Signature` header."""

    key_version: str | None
    value: bytes


def sign(message: Message, key: RSAPrivateKey, *, key_version: int = 1) -> str:
    """Return the value of the `Signature` header for a message."""
    value = key.sign(message.to_sign(), padding.PKCS1v15(), hashes.SHA256())
    encoded = quote(base64.b64encode(value), safe="")
    return f"algorithm=RSA256,keyVersion={key_version},signature={encoded}"


def verify(message: Message, header: str | None, keys: AlipayKeys) -> None:
    """Raise unless the header proves the message.

    Raises:
        SignatureVerificationError: The header does not prove it; the text says why.
    """
    signature = parse_signature(header)
    key = keys.of_version(signature.key_version)
    try:
        key.verify(
            signature.value, message.to_sign(), padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        raise SignatureVerificationError("the signature does not match") from None
    except UnicodeEncodeError:
        raise SignatureVerificationError("a signed header is not text") from None


def parse_signature(header: str | None) -> Signature:
    """Parse a `Signature` header.

    Raises:
        SignatureVerificationError: Missing, malformed, or of another algorithm.
    """
    if not header:
        raise SignatureVerificationError("the signature header is missing")
    if len(header) > LONGEST_HEADER:
        raise SignatureVerificationError("the signature header is too long")
    parts: dict[str, str] = {}
    for part in header.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise SignatureVerificationError("the signature header is malformed")
        if parts.setdefault(name.strip().lower(), value.strip()) != value.strip():
            raise SignatureVerificationError("the signature header contradicts itself")
    if parts.get("algorithm", "RSA256").upper() != "RSA256":
        raise SignatureVerificationError("the signature is not of algorithm RSA256")
    if not parts.get("signature"):
        raise SignatureVerificationError("the signature header has no signature")
    return Signature(parts.get("keyversion") or None, _decode(parts["signature"]))


def _decode(value: str) -> bytes:
    # `unquote`, not `unquote_plus`: a plain `+` is a digit of Base64. Where a form
    # decoder has turned it into a blank, the blank is turned back. The alphabet of
    # URLs, mostly without padding, is read too: it is verified anyway.
    digits = re.sub(r"\s", "+", unquote(value)).rstrip("=").translate(URL_ALPHABET)
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureVerificationError("the signature is not Base64") from None


def _fail_once() -> None:
    """Have the library raise its first `InvalidSignature` now, at import.

    It looks the exception up when it first needs it. Inside the workflow sandbox, which
    imports modules again, that look-up aborts the whole process: one forged
    notification would end the worker.
    """
    key = RSAPublicNumbers(e=65537, n=2**2047 + 1).public_key()
    with suppress(InvalidSignature):
        key.verify(bytes(256), b"", padding.PKCS1v15(), hashes.SHA256())


_fail_once()
