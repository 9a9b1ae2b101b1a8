"""Finds the key in a text, without additions of editors and other tools."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable

from alipay.errors import KeyFormatError

BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
# Labels that errors may quote; any other text might be a part of the key.
LABELS = {
    "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY", "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE",
    "CERTIFICATE REQUEST",
}  # fmt: skip
# OpenSSL's older form names the cipher in the block; the label stays.
ENCRYPTED = "ENCRYPTED"


def find_key(text: str, kind: str) -> bytes:
    r"""Return the DER of the key in a text.

    It may be PEM, with attributes or certificates around it and any label of its kind,
    or Base64 alone, in either alphabet; a byte order mark, quotation marks, line feeds
    written as `\n`, and invisible characters are ignored.

    Args:
        text: The content of the key file.
        kind: "PRIVATE KEY" or "PUBLIC KEY".

    Raises:
        KeyFormatError: Says what was found; never quotes the text.
    """
    text = _readable(text)
    blocks = BLOCK.findall(text)
    if not blocks and "-----BEGIN" in text:
        raise KeyFormatError("the PEM block has no end, or its lines do not agree")
    if not blocks:
        return _decoded(text)
    for label, body in blocks:
        if label.endswith(kind):
            if ENCRYPTED in label or ENCRYPTED in body:
                raise KeyFormatError("it is encrypted with a password")
            if label.startswith("OPENSSH"):
                raise KeyFormatError("it is in the form of OpenSSH")
            return _decoded(body)
    raise KeyFormatError(f"found {_listed(label for label, _ in blocks)}")


def _readable(text: str) -> str:
    lines = text.replace("\\r", "").replace("\\n", "\n")
    return "".join(_as_seen(character) for character in lines).strip("\"' \r\n\t")


def _as_seen(character: str) -> str:
    """Return the visible form: any space is a blank, a format sign is removed."""
    category = unicodedata.category(character)
    return {"Zs": " ", "Zl": "\n", "Zp": "\n", "Cf": ""}.get(category, character)


def _decoded(body: str) -> bytes:
    digits = "".join(body.split()).rstrip("=").replace("-", "+").replace("_", "/")
    if not digits:
        raise KeyFormatError("it is empty")
    try:
        return base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise KeyFormatError("not Base64") from None


def _listed(labels: Iterable[str]) -> str:
    known = [label if label in LABELS else "an unknown block" for label in labels]
    return ", ".join(dict.fromkeys(known))
