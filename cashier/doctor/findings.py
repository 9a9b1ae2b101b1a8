"""What a check has found: a line that is ok, wrong, or could not be checked."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands with what was checked."""

    OK = "ok"
    WRONG = "wrong"
    # What it needs is itself wrong, and has a line of its own.
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        subject: The check, such as `alipay`.
        name: What of it, such as `clock`.
        state: How it stands.
        why: What was found; never a secret.
        todo: What to do; empty where nothing is wrong.
        exit_code: Of the command, where this is the worst; 0 where nothing is wrong,
            or another line says what is.
    """

    subject: str
    name: str
    state: State
    why: str
    todo: str = ""
    exit_code: int = 0


def ok(subject: str, name: str, why: str) -> Finding:
    """Return the line of something that is as it should be."""
    return Finding(subject, name, State.OK, why)


def wrong(
    subject: str, name: str, why: str, todo: str, *, exit_code: int = 1
) -> Finding:
    """Return the line of something that is wrong, with what to do about it."""
    return Finding(subject, name, State.WRONG, why, todo, exit_code)


def skipped(subject: str, why: str, *, exit_code: int = 0) -> Finding:
    """Return the line of a check that something else, which is wrong, prevents."""
    return Finding(subject, "not checked", State.SKIPPED, why, exit_code=exit_code)
