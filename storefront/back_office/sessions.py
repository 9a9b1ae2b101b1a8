"""The sessions of staff who have logged in, by a secret in a cookie."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from storefront.staff import PasswordHash

LIFE_SECONDS = 8 * 3600  # a working day's shift
MOST_SESSIONS = 1000


@dataclass(frozen=True)
class Session:
    """A login: the name, the password's hash, and its end on the monotonic clock."""

    name: str
    hashed: PasswordHash
    ends: float


class Sessions:
    """The sessions of this process; a restart ends them all.

    They are kept in memory and not in the cookie, so that a logout surely ends a
    session, and no key can forge one.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._sessions: dict[str, Session] = {}

    def begin(self, name: str, hashed: PasswordHash) -> str:
        """Return the secret of a new session."""
        now = self._monotonic()
        live = {key: one for key, one in self._sessions.items() if one.ends > now}
        if len(live) >= MOST_SESSIONS:
            live.pop(next(iter(live)))
        secret = secrets.token_urlsafe(32)
        self._sessions = {
            **live,
            _key(secret): Session(name, hashed, now + LIFE_SECONDS),
        }
        return secret

    def of(self, secret: str) -> Session | None:
        """Return the session of a secret; None if it has ended or does not exist."""
        session = self._sessions.get(_key(secret))
        return session if session and session.ends > self._monotonic() else None

    def end(self, secret: str) -> None:
        self._sessions.pop(_key(secret), None)


def _key(secret: str) -> str:
    # Looked up by its hash, so that the time of a look-up does not reveal the secret.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
