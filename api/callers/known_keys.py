"""The keys of the API: follows changes of their file without a restart."""

import logging
from pathlib import Path
from typing import Final

from api.callers.keys import ApiKey, ApiKeys, ApiKeysError, read_keys

# Identifies a state of the file. It contains the time of the last change of *any* kind,
# so that restored read permissions are noticed, too.
_Look = tuple[int, ...] | None
_NOT_THERE: Final[_Look] = None

log = logging.getLogger(__name__)


class KnownKeys:
    """Reads the file again when it has changed; keeps the old keys if it is malformed.

    Checking the file for each call takes microseconds, so a removed key is refused with
    the next call.
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
        """Return the stored form of a key, expired or not; None for an unknown key."""
        # Checked before it is read: the next check finds a change in between.
        seen = _look(self._file)
        if seen != self._seen:
            self._seen = seen
            self._read_again()
        return self._keys.find(key)

    def _read_again(self) -> None:
        try:
            self._keys = ApiKeys(read_keys(self._file))
        except ApiKeysError as error:
            # Once for each change: callers cannot make us log it again.
            log.error(
                "the API keys cannot be read, the last valid ones stay in use: %s",
                error,
            )
        else:
            log.info("the API keys were read again")


def _look(file: Path) -> _Look:
    try:
        found = file.stat()
    except OSError:
        return _NOT_THERE
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
