"""Whether a text can be the name of a file or a folder, and may be shown as one.

Operators may give a key in place of the file that holds it. No message may show it.
"""

import os
import re
from pathlib import Path

# Longer names are accepted if the file exists.
LONGEST = 255
# A longer name has a dot or a slash, as all names in the documentation have.
LONGEST_WORD = 24
# PEM, the keys of the API, secrets of callbacks, tokens, and the Base64 of RSA keys.
SECRET = re.compile(r"-----BEGIN|^(cashier|whsec)_|^eyJ|^MI[IG]|scrypt[$:]")
# Base64, in the standard and in the URL-safe alphabet.
ENCODED = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_-]{32,}={0,2}")
PADDED = re.compile(r"[A-Za-z0-9+/_-]{20,}={1,2}")


def check_path_name(text: str) -> None:
    """Reject a text that looks like a secret and not like a file or folder name.

    Raises:
        ValueError: Gives its length; never quotes it.
    """
    bare = text.strip(" \t\r\n'\"\u00a0\u200b\ufeff")
    folder = os.path.dirname(bare)
    is_there = os.path.exists(bare) or (bool(folder) and os.path.isdir(folder))
    is_word = len(bare) <= LONGEST_WORD and not _looks_secret(bare)
    if not (is_there or is_word or _looks_like_a_path(bare)):
        raise ValueError(
            f"has {len(bare)} characters and looks like a key, where the name of a "
            "file or a folder is wanted"
        )


def shown(path: Path) -> str:
    """Return a path for a message: itself, or its length if it may be a secret."""
    name = str(path)
    if _looks_like_a_path(name) or os.path.exists(name):
        return repr(name)
    return f"of the given name ({len(name)} characters)"


def _looks_like_a_path(text: str) -> bool:
    is_short = len(text) <= LONGEST or text.startswith("/")
    return is_short and ("/" in text or "." in text) and not _looks_secret(text)


def _looks_secret(text: str) -> bool:
    if SECRET.search(text) or PADDED.fullmatch(text):
        return True
    # Base64 begins with a slash once in 64 times, and a path at the root always.
    return not text.startswith("/") and ENCODED.fullmatch(text) is not None
