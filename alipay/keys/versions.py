"""Reads a folder of public keys that are named by their version: {keyVersion}.pem.

A key under another name would not be missed before its first signature: so a name that
looks like a misspelt one is rejected, and other files are ignored.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from alipay.errors import KeyFormatError
from alipay.keys.files import read_public_keys
from alipay.keys.rsa import AlipayKeys

# The longest version that we accept from Alipay (`AlipayKeys.of_version`).
NAME = re.compile(r"([0-9]{1,9})\.pem")
# 1.PEM, 1.pem.txt of an editor, alipay.pem, and versions of too many digits.
MEANT = re.compile(r".*\.pem|[0-9]+\.pem\.txt", re.IGNORECASE)
MOST_SHOWN = 5
LONGEST_SHOWN = 40


def read_key_versions(folder: Path) -> AlipayKeys:
    """Read the public keys of a folder.

    Raises:
        KeyFormatError: Names the folder and what was found in it, or the file that
            holds no public key.
    """
    try:
        found = sorted(file.name for file in folder.iterdir())
    except OSError as error:
        raise KeyFormatError(
            f"the folder {str(folder)!r} cannot be read: {error.strerror}"
        ) from None
    # macOS leaves a `._name` beside each copied file.
    seen = [name for name in found if not name.startswith(".")]
    wrong = [
        name for name in seen if MEANT.fullmatch(name) and not NAME.fullmatch(name)
    ]
    if wrong or not any(map(NAME.fullmatch, seen)):
        raise _misnamed(folder, wrong or found, "")
    by_version: dict[int, str] = {}
    for name in filter(NAME.fullmatch, seen):
        version = int(name.removesuffix(".pem"))
        if version in by_version:
            same = [by_version[version], name]
            raise _misnamed(folder, same, f", both of version {version}")
        by_version[version] = name
    return AlipayKeys(read_public_keys(folder))


def _misnamed(folder: Path, found: Sequence[str], what: str) -> KeyFormatError:
    shown = ", ".join(repr(name[:LONGEST_SHOWN]) for name in found[:MOST_SHOWN])
    more = f" and {len(found) - MOST_SHOWN} more" if found[MOST_SHOWN:] else ""
    return KeyFormatError(
        f"the folder {str(folder)!r} holds {shown or 'nothing'}{more}{what}; a key's "
        "file must be named {keyVersion}.pem, of 1 to 9 digits, such as 1.pem, one for "
        "each version"
    )
