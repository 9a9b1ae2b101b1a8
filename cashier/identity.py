"""The identity of this terminal, which Temporal records in the events of a command.

It is recorded beside the name given by `--by`, and cannot be chosen freely:
so there are two traces, and an audit compares them (decision 40).
"""

import getpass
import os
import socket

import jwt

from settings.temporal import temporal_config


def identity_at_this_terminal() -> str:
    """Return the subject of the token for Temporal; without one, user@host."""
    subject = _subject_of(temporal_config().get("api_key"))
    return subject or f"{_user()}@{socket.gethostname()}"


def _subject_of(token: str | None) -> str | None:
    """Return the subject of a token; None where it is not a JWT with a subject.

    Its signature is the server's to verify, which refuses the call otherwise.
    """
    if not token:
        return None
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return None
    subject = claims.get("sub")
    return subject if isinstance(subject, str) and subject.isprintable() else None


def _user() -> str:
    """Return the account's name, or its number where it has none, as in containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
