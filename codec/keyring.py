"""The keys that encrypt payloads: a folder of files, each named by its start time.

A key's id is the UTC time from which it encrypts, so that a new key can be given to all
processes in advance, and all switch to it at that time without a restart. Old keys are
needed as long as payloads encrypted with them are kept.
"""

import base64
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

logger = logging.getLogger(__name__)

KEY_BYTES = 32  # AES-256
KEY_ID = re.compile(r"\d{8}T\d{6}Z")
ID_FORMAT = "%Y%m%dT%H%M%SZ"
# Often enough to see a new key before its time, rare enough for the disk.
LOOK_AGAIN_SECONDS = 60.0
# Requests for unknown keys must not make us read the disk all the time.
LEAST_PAUSE_SECONDS = 1.0


class KeyringError(Exception):
    """The keys cannot be used; the message names the file or the id, never a key."""


class MissingKeyError(KeyringError):
    """No key has this id."""

    def __init__(self, key_id: str, folder: Path | None) -> None:
        where = f" in {str(folder)!r}" if folder else ""
        super().__init__(f"there is no payload key {key_id!r}{where}")
        self.key_id = key_id


class Keyring:
    """Keys by their ids; the folder is read again from time to time.

    Reading the folder takes a fraction of a millisecond, so it is done where it is
    needed, in the event loop too.
    """

    def __init__(
        self,
        keys: Mapping[str, bytes],
        *,
        folder: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold keys in memory; `Keyring.load` reads a folder.

        Args:
            keys: 32 bytes each, by key id.
            folder: The folder to read again for new keys; None for none.
            now: The clock for the start times of keys.
            monotonic: The clock of the pauses, in seconds.

        Raises:
            KeyringError: An id or a length is wrong, or all keys start later.
        """
        self._folder = folder
        self._now = now
        self._monotonic = monotonic
        self._keys = {
            key_id: _cipher(key_id, key, f"key {key_id!r}")
            for key_id, key in keys.items()
        }
        self._looked_at = monotonic()
        self.newest()

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> "Keyring":
        """Read all `{key id}.key` of a folder.

        Raises:
            KeyringError: There is none, one cannot be read or is malformed, or all keys
                start later; the message names the file.
        """
        return cls(read_keys(folder), folder=folder, now=now, monotonic=monotonic)

    def newest(self) -> tuple[str, AESGCM]:
        """Return the id and the cipher of the key that encrypts now.

        Raises:
            KeyringError: All keys start later.
        """
        if self._monotonic() - self._looked_at >= LOOK_AGAIN_SECONDS:
            self._look_again()
        present = key_id_from(self._now())
        # Ids sort like the times they contain.
        begun = [key_id for key_id in self._keys if key_id <= present]
        if not begun:
            first = min(self._keys, default="none")
            raise KeyringError(
                f"no payload key is valid yet: it is {present}, and the first key "
                f"{self._place()}begins at {first}"
            )
        key_id = max(begun)
        return key_id, self._keys[key_id]

    def cipher_of(self, key_id: str) -> AESGCM:
        """Return the cipher of a key, even of a key that starts later.

        Raises:
            MissingKeyError: No key has this id, also in the folder.
        """
        age = self._monotonic() - self._looked_at
        if key_id not in self._keys and age >= LEAST_PAUSE_SECONDS:
            self._look_again()
        try:
            return self._keys[key_id]
        except KeyError:
            # The id comes from a payload, and may have any length.
            raise MissingKeyError(key_id[:32], self._folder) from None

    def _look_again(self) -> None:
        """Read the folder again; a malformed file must not stop the process."""
        self._looked_at = self._monotonic()
        if self._folder is None:
            return
        try:
            found = read_keys(self._folder)
        except KeyringError as error:
            logger.warning("the payload keys could not be read again: %s", error)
            return
        for key_id in found.keys() - self._keys.keys():
            logger.info("found the new payload key %s", key_id)
        for key_id in self._keys.keys() - found.keys():
            logger.warning("the payload key %s was removed", key_id)
        self._keys = {
            key_id: _cipher(key_id, key, f"key {key_id!r}")
            for key_id, key in found.items()
        }

    def _place(self) -> str:
        return f"in {str(self._folder)!r} " if self._folder else ""


def read_keys(folder: Path) -> dict[str, bytes]:
    """Return the keys of a folder by their ids.

    Raises:
        KeyringError: There is none, or one is not a key; the message names the file.
    """
    # Hidden files are skipped: macOS leaves a `._name` beside each copied file.
    try:
        files = sorted(
            file for file in folder.glob("*.key") if not file.name.startswith(".")
        )
    except OSError as error:
        raise KeyringError(
            f"the folder {str(folder)!r} cannot be read: {error.strerror}"
        ) from None
    if not files:
        raise KeyringError(
            f"there is no file *.key in {str(folder)!r}; "
            f"`cashier payload-keys new {folder}` makes one"
        )
    return {file.stem: _read_key(file) for file in files}


def _read_key(file: Path) -> bytes:
    try:
        # A key has 44 characters; a larger file is not read whole.
        with file.open("rb") as opened:
            text = opened.read(1024)
        # As an editor may save it: with a byte order mark or quotation marks.
        digits = text.decode("utf-8-sig").strip().strip("\"'")
        key = base64.b64decode(digits, validate=True)
    except OSError as error:
        raise KeyringError(
            f"the payload key {str(file)!r} cannot be read: {error.strerror}"
        ) from None
    except ValueError:
        raise KeyringError(f"the payload key {str(file)!r} is not Base64") from None
    _cipher(file.stem, key, f"file {str(file)!r}")
    return key


def _cipher(key_id: str, key: bytes, what: str) -> AESGCM:
    if not is_key_id(key_id):
        raise KeyringError(
            f"the payload {what} is not named after a UTC time such as 20261124T090000Z"
        )
    if len(key) != KEY_BYTES:
        raise KeyringError(
            f"the payload {what} has {len(key)} bytes; it must have {KEY_BYTES}"
        )
    return AESGCM(key)


def is_key_id(text: str) -> bool:
    """Whether a text is a UTC time in the format of key ids."""
    try:
        datetime.strptime(text, ID_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return False
    # strptime accepts fewer digits, too.
    return bool(KEY_ID.fullmatch(text))


def key_id_from(begins: datetime) -> str:
    """Return the id of a key that encrypts from a time on.

    Args:
        begins: With a time zone; fractions of a second are dropped.
    """
    return begins.astimezone(UTC).strftime(ID_FORMAT)


def make_key(folder: Path, *, begins: datetime) -> Path:
    """Make a new key that only its owner can read; return its file.

    Raises:
        FileExistsError: There is already a key of that time; keys are never
            overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{key_id_from(begins)}.key"
    # Atomically: running processes may read the folder at any time.
    draft = folder / f".{path.name}.{secrets.token_hex(4)}"
    draft.touch(mode=0o600)
    draft.write_bytes(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
    try:
        os.link(draft, path)  # unlike renaming, it fails if the file exists
    finally:
        draft.unlink()
    return path
