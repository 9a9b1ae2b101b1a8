"""Removes secrets from log texts, as the last line of defence.

No secret is logged on purpose. This catches secrets in the exceptions of libraries, and
in careless log lines of the future.
"""

import re
from typing import Final

REMOVED: Final = "[removed]"

_FORBIDDEN: Final = (
    # A key file, whole or cut off.
    re.compile(r"-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|\Z)", re.DOTALL),
    # The value in pydantic's errors: it may be a customer's.
    re.compile(r"(?<=input_value=).*?(?=, input_type=)", re.DOTALL),
    re.compile(r"(?<=\bbearer )[^\s'\",]+", re.IGNORECASE),
    # The value of Alipay's header, and of any field with that name.
    re.compile(r"(?<=signature=)[^\s,'\"&]+", re.IGNORECASE),
    re.compile(r"(?<=signature: )[^\s'\"&]+", re.IGNORECASE),
    re.compile(r"(?<=signature['\"]: ['\"])[^'\"]+", re.IGNORECASE),
    re.compile(r"whsec_[A-Za-z0-9+/=]+"),
    # API keys; the names of metrics have the same prefix and are shorter.
    re.compile(r"\bcashier_[A-Za-z0-9_-]{43}"),
    re.compile(r"[^\s@'\"<>(),;:=]{1,64}(?:@|%40)[A-Za-z0-9.-]+\.[A-Za-z]{2,}"),
    # Keys on one line, signatures, encrypted payloads; ids and hashes are shorter.
    re.compile(r"(?:[A-Za-z0-9+/_-]|%2[BbFf]){100,}={0,2}"),
)


def redact(text: str) -> str:
    """Return the text without keys, signatures, tokens and e-mail addresses."""
    for forbidden in _FORBIDDEN:
        text = forbidden.sub(REMOVED, text)
    return text
