"""The keys that may call right now: what the file says, without a restart."""

import logging
from pathlib import Path
from typing import Final

from api.callers.keys import ApiKey, ApiKeys, ApiKeysError, read_keys

# Identifies a state of the file. The time of its last change of *any* kind is part of
# it, so that restored read permissions are noticed too.
_Look = tuple[int, ...] | None
_NOT_THERE: Final[_Look] = None

log = logging.getLogger(__name__)


class KnownKeys:
    """Reads the file again when it has changed; keeps the last good keys if it is bad.

    A look at the file for each call takes microseconds, so a removed key is refused
    with the next call, and not some seconds later.
    """

    def __init__(self, file: Path) -> None:
        """Read the file.

        Raises:
            ApiKeysError: It cannot be read, or a line breaks a rule.
        """
        self._file = file
        self._seen = _look(file)
        self._keys = ApiKeys(read_keys(file))

    def find(self, key: str) -> ApiKey | None:
        """Return a key as stored, ended or not; None for an unknown key."""
        # Looked at before it is read: a change in between is found by the next look.
        seen = _look(self._file)
        if seen != self._seen:
            self._seen = seen
            self._read_again()
        return self._keys.find(key)

    def _read_again(self) -> None:
        try:
            self._keys = ApiKeys(read_keys(self._file))
        except ApiKeysError as error:
            # Once for each change: nobody else can make us log it again.
            log.error("the API keys cannot be read, the last good ones hold: %s", error)
        else:
            log.info("the API keys were read again")


def _look(file: Path) -> _Look:
    try:
        found = file.stat()
    except OSError:
        return _NOT_THERE
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
