"""The staff who may log in: names and hashes of passwords, in a file.

A line is `name:scrypt$n$r$p$salt$hash`, which `cashier operators add` writes as well.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# No e-mail addresses: logs of logins would redact them.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST_PASSWORD = 1024
# scrypt with 16 MiB, five times, as OWASP's Password Storage Cheat Sheet advises.
N, R, P = 2**14, 8, 5
MEMORY = 64 * 1024 * 1024


@dataclass(frozen=True)
class PasswordHash:
    """The stored hash of a password."""

    n: int
    r: int
    p: int
    salt: bytes
    hashed: bytes

    @classmethod
    def of(cls, password: str) -> "PasswordHash":
        salt = os.urandom(16)
        return cls(N, R, P, salt, _scrypt(password, N, R, P, salt, 32))

    @classmethod
    def read(cls, text: str) -> "PasswordHash":
        """Parse the hash of a line.

        Raises:
            ValueError: It is malformed, or comparing it would cost far more than ours.
        """
        kind, *numbers, salt, hashed = text.split("$")
        n, r, p = map(int, numbers)
        is_sound = 1 < n <= 2**16 and n & (n - 1) == 0 and 0 < r <= 8 and 0 < p <= 16
        if kind != "scrypt" or not is_sound:
            raise ValueError("not a hash by scrypt")
        found = cls(
            n, r, p, *(base64.b64decode(part, validate=True) for part in (salt, hashed))
        )
        if not found.salt or not found.hashed:
            raise ValueError("not a hash by scrypt")
        return found

    def is_of(self, password: str) -> bool:
        """Whether the password matches, in the same time for all wrong ones."""
        hashed = _scrypt(
            password[:LONGEST_PASSWORD],
            self.n,
            self.r,
            self.p,
            self.salt,
            len(self.hashed),
        )
        return hmac.compare_digest(hashed, self.hashed)


def read_staff(file: Path) -> dict[str, PasswordHash]:
    """Return the hashes by name.

    Raises:
        ValueError: The file cannot be read, or a line is not `name:hash`; the message
            shows none of its content.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"the file {str(file)!r} cannot be read") from None
    found: dict[str, PasswordHash] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, text = line.strip().partition(":")
        try:
            hashed = PasswordHash.read(text)
        except (ValueError, binascii.Error):
            hashed = None
        if hashed is None or not NAME.fullmatch(name) or name in found:
            raise ValueError(
                f"line {number} of {str(file)!r} is not name:hash with a new name; "
                "`cashier operators add` writes such lines"
            )
        found[name] = hashed
    return found


@cache
def nobodys_hash() -> PasswordHash:
    """Return a hash to compare for an unknown name, so that it takes as long."""
    return PasswordHash.of(secrets.token_urlsafe(16))


def _scrypt(password: str, n: int, r: int, p: int, salt: bytes, length: int) -> bytes:
    return hashlib.scrypt(
        password.encode(errors="replace"),
        salt=salt,
        n=n,
        r=r,
        p=p,
        maxmem=MEMORY,
        dklen=length,
    )
