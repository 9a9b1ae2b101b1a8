"""The findings of checks: ok, wrong, or not checked."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """The result of a check."""

    OK = "ok"
    WRONG = "wrong"
    # The check needs something that is itself wrong, and has a line of its own.
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        subject: The subject of the check, such as `alipay`.
        name: The thing checked, such as `clock`.
        state: The result.
        why: What was found; never a secret.
        todo: The remedy; empty where nothing is wrong.
        exit_code: The command's exit code, where this is the worst finding; 0 where
            nothing is wrong, or another finding reports it.
    """

    subject: str
    name: str
    state: State
    why: str
    todo: str = ""
    exit_code: int = 0


def ok(subject: str, name: str, why: str) -> Finding:
    """Return the finding that something is right."""
    return Finding(subject, name, State.OK, why)


def wrong(
    subject: str, name: str, why: str, todo: str, *, exit_code: int = 1
) -> Finding:
    """Return the finding that something is wrong, with the remedy."""
    return Finding(subject, name, State.WRONG, why, todo, exit_code)


def skipped(subject: str, why: str, *, exit_code: int = 0) -> Finding:
    """Return the finding that a check was skipped, because something else is wrong."""
    return Finding(subject, "not checked", State.SKIPPED, why, exit_code=exit_code)
