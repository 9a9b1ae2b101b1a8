"""Keys of the HTTP API: their form, their stored form, and their file.

The file has one JSON object per line, with hashes only: its readers cannot call the
API.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

# So that secret scanners, and people, recognize a leaked key.
PREFIX: Final = "cashier_"
# 256 random bits; older keys without the prefix have the same length.
SECRET_CHARACTERS: Final = 43
ID_CHARACTERS: Final = 8
# No process answers more than a million calls a minute.
MOST_PER_MINUTE: Final = 1_000_000


class Scope(StrEnum):
    """A scope: the calls that a key allows."""

    START = "start"
    READ = "read"
    CANCEL = "cancel"
    REFUND = "refund"


# By default a key may not refund.
USUAL_SCOPES: Final = (Scope.START, Scope.READ, Scope.CANCEL)


class ApiKeysError(Exception):
    """The file of keys is unusable; the message names line and rule only."""


RefundLimits = Annotated[
    dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[int, Field(ge=1)]],
    Field(min_length=1),
]


class ApiKey(BaseModel):
    """The stored form of a key, with its hash.

    Attributes:
        name: The caller's name, for logs and answers; during a rotation two keys have
            it.
        per_minute: The most calls a minute; None for the default.
        refund_limits: The largest single refund by currency, in minor units; refunds in
            other currencies are refused. None for no limit.
        ends_at: The time of its expiry; None for never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # No e-mail addresses, as with operators: logs would redact them.
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    made_at: AwareDatetime
    per_minute: Annotated[int, Field(ge=1, le=MOST_PER_MINUTE)] | None = None
    refund_limits: RefundLimits | None = None
    ends_at: AwareDatetime | None = None

    @classmethod
    def of(
        cls,
        key: str,
        *,
        name: str,
        scopes: Iterable[Scope] = USUAL_SCOPES,
        per_minute: int | None = None,
        refund_limits: Mapping[str, int] | None = None,
    ) -> Self:
        """Return the stored form of a key.

        Raises:
            ApiKeysError: The key could be guessed, or a value breaks its rule.
        """
        if len(key.removeprefix(PREFIX)) < SECRET_CHARACTERS:
            raise ApiKeysError(
                f"a key of {len(key)} characters could be guessed: it must have "
                f"{SECRET_CHARACTERS} random ones, as `cashier api-keys new` makes them"
            )
        try:
            return cls(
                name=name,
                sha256=_hash_of(key),
                scopes=tuple(scopes),
                made_at=datetime.now(UTC).replace(microsecond=0),
                per_minute=per_minute,
                refund_limits=dict(refund_limits) if refund_limits else None,
            )
        except ValidationError as error:
            raise ApiKeysError(_rule_of(error)) from None

    @property
    def id(self) -> str:
        """The start of the hash, which names the key in lists and logs; not secret."""
        return self.sha256[:ID_CHARACTERS]

    def is_of(self, key: str) -> bool:
        """Whether this is the stored form of a key; in constant time."""
        return hmac.compare_digest(_hash_of(key), self.sha256)

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


class ApiKeys:
    """The keys, from one reading of the file."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._by_id = {key.id: key for key in keys}

    def find(self, key: str) -> ApiKey | None:
        """Return the stored form of a key, expired or not, by one look-up.

        The time of the look-up reveals at most the start of the hash of the guess
        itself.
        """
        found = self._by_id.get(_hash_of(key)[:ID_CHARACTERS])
        return found if found and found.is_of(key) else None


def new_key() -> str:
    """Return a new random key."""
    return PREFIX + secrets.token_urlsafe(32)


def read_keys(file: Path) -> tuple[ApiKey, ...]:
    """Return the keys in the order of their lines.

    Raises:
        ApiKeysError: The file cannot be read, or a line breaks a rule.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ApiKeysError(f"{str(file)!r} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ApiKeysError(f"{str(file)!r} is not text") from None
    keys: list[ApiKey] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            keys.append(ApiKey.model_validate_json(line))
        except ValidationError as error:
            raise ApiKeysError(
                f"line {number} of {str(file)!r}: {_rule_of(error)}; "
                "`cashier api-keys` writes such lines"
            ) from None
        if broken := _broken_rule(keys):
            raise ApiKeysError(f"line {number} of {str(file)!r}: {broken}")
    return tuple(keys)


def write_keys(file: Path, keys: Iterable[ApiKey]) -> None:
    """Replace the file atomically: an API may read it at any time.

    Raises:
        ApiKeysError: It cannot be written.
    """
    text = "".join(f"{key.model_dump_json(exclude_none=True)}\n" for key in keys)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        draft.touch(mode=0o600)
        draft.write_text(text)
        # Keep the owner: the API's user must still be able to read it.
        if file.exists():
            with suppress(PermissionError):
                os.chown(draft, file.stat().st_uid, file.stat().st_gid)
        draft.replace(file)
    except OSError as error:
        raise _unwritable(file, error) from None


@contextmanager
def changing(file: Path) -> Iterator[list[ApiKey]]:
    """Lock the file while the block changes the list of keys.

    Without the lock, a key that one person removes could come back when another person,
    who had read the file before, writes it.

    Raises:
        ApiKeysError: The file cannot be read or written, or a line breaks a rule.
    """
    try:
        # The lock is on the folder, because each change replaces the file.
        folder = os.open(file.parent, os.O_RDONLY)
    except OSError as error:
        raise _unwritable(file, error) from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        keys = list(read_keys(file)) if file.exists() else []
        yield keys
        write_keys(file, keys)
    finally:
        os.close(folder)


def _unwritable(file: Path, error: OSError) -> ApiKeysError:
    return ApiKeysError(f"{str(file)!r} cannot be written: {error.strerror}")


def _hash_of(key: str) -> str:
    # A fast hash on purpose: 256 bits cannot be guessed, and a slow hash would let
    # strangers keep us busy.
    return hashlib.sha256(key.encode()).hexdigest()


def _broken_rule(keys: list[ApiKey]) -> str | None:
    """Return the rule that the last key breaks together with the others."""
    newest = keys[-1]
    if newest.id in {key.id for key in keys[:-1]}:
        return "this key is already in the file"
    of_name = [key for key in keys if key.name == newest.name]
    if len(of_name) > 2 or Counter(key.ends_at for key in of_name)[None] > 1:
        return "a name may have two keys, and one of them must have `ends_at`"
    return None


def _rule_of(error: ValidationError) -> str:
    """Return the first broken rule, without any content of the file."""
    found = error.errors(include_input=False, include_url=False)[0]
    field = str(found["loc"][0]) if found["loc"] else ""
    if found["type"] == "json_invalid" or not field:
        return "is not a JSON object"
    if field not in ApiKey.model_fields:
        return "has an unknown field"
    return f"{field}: {found['msg']}"
