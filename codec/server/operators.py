"""The operators who may log in: names and hashes of passwords, in a file."""

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

# No e-mail addresses: logs, which name the operator, would redact them.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SHORTEST_PASSWORD = 12
# A longer one would only take long to hash.
LONGEST_PASSWORD = 1024
# scrypt with 16 MiB, five times: OWASP's Password Storage Cheat Sheet, 0.15 s here.
N, R, P = 2**14, 8, 5
SALT_BYTES, HASH_BYTES = 16, 32
MEMORY = 64 * 1024 * 1024


class OperatorsError(Exception):
    """The file of operators cannot be used; the message names line and rule."""


class Operators:
    """The file of operators, read for each look-up: changes take effect at once.

    Reading some lines takes less time than hashing a password.
    """

    def __init__(self, file: Path) -> None:
        """Check the file.

        Raises:
            OperatorsError: It cannot be read, or a line is malformed.
        """
        self._file = file
        read_operators(file)

    def hash_of(self, name: str) -> str | None:
        """Return the hash of an operator's password; None for an unknown operator.

        Raises:
            OperatorsError: The file has become unreadable.
        """
        return read_operators(self._file).get(name)


def read_operators(file: Path) -> dict[str, str]:
    """Return the hashes of passwords by name.

    Raises:
        OperatorsError: The file cannot be read, or a line is not `name:hash`.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise OperatorsError(
            f"{str(file)!r} cannot be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise OperatorsError(f"{str(file)!r} is not text") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, hashed = line.strip().partition(":")
        where = f"line {number} of {str(file)!r}"
        if not NAME.fullmatch(name) or not _parsed(hashed):
            raise OperatorsError(
                f"{where} is not name:hash; `cashier operators add` writes such lines"
            )
        if name in found:
            raise OperatorsError(f"{where} names an operator for the second time")
        found[name] = hashed
    return found


def add_operator(file: Path, name: str, password: str) -> None:
    """Add an operator, or give one a new password.

    Raises:
        OperatorsError: The file is malformed, or the name or the password too weak.
    """
    if not NAME.fullmatch(name):
        raise OperatorsError(
            f"a name of {len(name)} characters is not allowed: 1 to 64 letters, "
            "digits and . _ -, the first a letter or digit"
        )
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise OperatorsError(
            f"the password has {len(password)} characters; it must have "
            f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD}"
        )
    found = read_operators(file) if file.exists() else {}
    found[name] = hash_password(password)
    file.parent.mkdir(parents=True, exist_ok=True)
    # Atomically: a running server may read it at any time.
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text("".join(f"{one}:{hashed}\n" for one, hashed in found.items()))
    draft.replace(file)


def new_password() -> str:
    """Return a random password of 128 bits."""
    return secrets.token_urlsafe(16)


def hash_password(password: str, *, n: int = N) -> str:
    """Return the stored form of a password: parameters, salt and hash.

    Args:
        password: The password, of any length.
        n: The cost, a power of two; `is_password` takes it from the hash.
    """
    salt = os.urandom(SALT_BYTES)
    hashed = _scrypt(password, salt, n, R, P)
    return f"scrypt${n}${R}${P}${_text(salt)}${_text(hashed)}"


def is_password(password: str, hashed: str) -> bool:
    """Whether a password has this hash; in constant time."""
    parsed = _parsed(hashed)
    if parsed is None:
        return False
    n, r, p, salt, expected = parsed
    return hmac.compare_digest(_scrypt(password, salt, n, r, p), expected)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=n, r=r, p=p, maxmem=MEMORY, dklen=HASH_BYTES
    )


def _parsed(hashed: str) -> tuple[int, int, int, bytes, bytes] | None:
    parts = hashed.split("$")
    if len(parts) != 6 or parts[0] != "scrypt":
        return None
    try:
        n, r, p = (int(part) for part in parts[1:4])
        salt, expected = (base64.b64decode(part, validate=True) for part in parts[4:])
    except (ValueError, binascii.Error):
        return None
    # A hash with a much higher cost than ours would block the server.
    is_sound = 1 < n <= 2**16 and n & (n - 1) == 0 and 0 < r <= 8 and 0 < p <= 16
    return (n, r, p, salt, expected) if is_sound and salt and expected else None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
