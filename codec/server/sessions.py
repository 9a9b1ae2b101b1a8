"""Sessions of operators: a secret in a cookie, valid for some hours."""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

LIFE_SECONDS = 8 * 3600  # a working day's shift
MOST_SESSIONS = 1000


@dataclass(frozen=True)
class Session:
    """A login: its operator, password hash, and end by the monotonic clock."""

    name: str
    password_hash: str
    ends: float


class Sessions:
    """The sessions of this process, found by the hash of their secret.

    They are stored here and not in the cookie, so that a logout really ends a session,
    and no key exists that could create sessions. A restart ends them all.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._sessions: dict[str, Session] = {}

    def begin(self, name: str, password_hash: str) -> str:
        """Return the secret of a new session."""
        now = self._monotonic()
        self._sessions = {
            key: session
            for key, session in self._sessions.items()
            if session.ends > now
        }
        if len(self._sessions) >= MOST_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        secret = secrets.token_urlsafe(32)
        session = Session(name, password_hash, now + LIFE_SECONDS)
        self._sessions[_hashed(secret)] = session
        return secret

    def of(self, secret: str) -> Session | None:
        """Return the session of a secret; None where it has ended or never existed."""
        session = self._sessions.get(_hashed(secret))
        return session if session and session.ends > self._monotonic() else None

    def end(self, secret: str) -> Session | None:
        """End a session, and return it."""
        return self._sessions.pop(_hashed(secret), None)


def _hashed(secret: str) -> str:
    # Looked up by its hash, so that the time of a look-up does not reveal the secret.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
