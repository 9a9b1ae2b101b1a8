"""Keys of the HTTP API: their form, what is stored of them, and their file.

The file holds one JSON object a line, and no key: who reads it cannot call with it.
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

# So that secret scanners, and people, recognize a key where it should not be.
PREFIX: Final = "cashier_"
# 256 bits of chance; a key of before the prefix is as long without it.
SECRET_CHARACTERS: Final = 43
ID_CHARACTERS: Final = 8
# A million a minute is more than any process answers: such a limit limits nothing.
MOST_PER_MINUTE: Final = 1_000_000


class Scope(StrEnum):
    """A scope: what a key lets its holder do."""

    START = "start"
    READ = "read"
    CANCEL = "cancel"
    REFUND = "refund"


# By default a key may not refund.
USUAL_SCOPES: Final = (Scope.START, Scope.READ, Scope.CANCEL)


class ApiKeysError(Exception):
    """The file of keys cannot be used; the message names line and rule, no content."""


RefundLimits = Annotated[
    dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], Annotated[int, Field(ge=1)]],
    Field(min_length=1),
]


class ApiKey(BaseModel):
    """A key as the file stores it: by its hash.

    Attributes:
        name: Who holds it, for logs and answers; two keys may bear it for a while.
        per_minute: How many calls a minute its holder may make; None for the default.
        refund_limits: By currency the most, in minor units, that one refund may give
            back; of a currency that is not named nothing. None for no limit.
        ends_at: From when on it is refused; None for never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # No e-mail addresses, as with operators: logs take them out.
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
        """Return a key as the file stores it.

        Raises:
            ApiKeysError: The key could be guessed, or a value breaks its rule.
        """
        if len(key.removeprefix(PREFIX)) < SECRET_CHARACTERS:
            raise ApiKeysError(
                f"a key of {len(key)} characters could be guessed: it must have "
                f"{SECRET_CHARACTERS} by chance, as `cashier api-keys new` makes them"
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
        """The start of the hash: names a key in lists and logs, and is not secret."""
        return self.sha256[:ID_CHARACTERS]

    def is_of(self, key: str) -> bool:
        """Whether this is the stored form of a key; as slow for wrong ones."""
        return hmac.compare_digest(_hash_of(key), self.sha256)

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


class ApiKeys:
    """The keys of one reading of the file."""

    def __init__(self, keys: Iterable[ApiKey]) -> None:
        self._by_id = {key.id: key for key in keys}

    def find(self, key: str) -> ApiKey | None:
        """Return a key as stored, ended or not; one look-up among however many keys.

        The time of the look-up shows an attacker nothing but the start of the hash of
        his own guess.
        """
        found = self._by_id.get(_hash_of(key)[:ID_CHARACTERS])
        return found if found and found.is_of(key) else None


def new_key() -> str:
    """Return a key that nobody guesses."""
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
    """Replace the file, whole or not at all: an API may read it at any time.

    Raises:
        ApiKeysError: It cannot be written.
    """
    text = "".join(f"{key.model_dump_json(exclude_none=True)}\n" for key in keys)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        draft.touch(mode=0o600)
        draft.write_text(text)
        # An administrator must not take it away from the user that the API runs as.
        if file.exists():
            with suppress(PermissionError):
                os.chown(draft, file.stat().st_uid, file.stat().st_gid)
        draft.replace(file)
    except OSError as error:
        raise _unwritable(file, error) from None


@contextmanager
def changing(file: Path) -> Iterator[list[ApiKey]]:
    """Let the block change the list of keys, and nobody else meanwhile.

    Without the lock a key that one person removes could come back with what another
    one, who had read the file before, writes after it.

    Raises:
        ApiKeysError: The file cannot be read or written, or a line breaks a rule.
    """
    try:
        # The folder, because the file is another one after each change.
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
    # Quick on purpose: 256 bits cannot be guessed at any speed, so a slow hash would
    # protect nothing, and would let strangers keep us busy.
    return hashlib.sha256(key.encode()).hexdigest()


def _broken_rule(keys: list[ApiKey]) -> str | None:
    """Return the rule that the newest of the keys breaks together with the others."""
    newest = keys[-1]
    if newest.id in {key.id for key in keys[:-1]}:
        return "this key stands here already"
    of_name = [key for key in keys if key.name == newest.name]
    if len(of_name) > 2 or Counter(key.ends_at for key in of_name)[None] > 1:
        return "a name may have two keys, and one of them must have `ends_at`"
    return None


def _rule_of(error: ValidationError) -> str:
    """Return the first broken rule, without anything that stands in the file."""
    found = error.errors(include_input=False, include_url=False)[0]
    field = str(found["loc"][0]) if found["loc"] else ""
    if found["type"] == "json_invalid" or not field:
        return "is not a JSON object"
    if field not in ApiKey.model_fields:
        return "has a field that no key has"
    return f"{field}: {found['msg']}"
