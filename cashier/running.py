"""How a command gets its settings, and how it ends."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import BaseSettings
from rich.console import Console

if TYPE_CHECKING:
    from cashier.settings import OperatorSettings

errors = Console(stderr=True)
# The reader of the pipe has gone, as after `| head -1`. Shells use 128 plus the number
# of SIGPIPE; 1 is what `stuck` and `audit` return for a finding.
PIPE_CLOSED = 128 + 13
WRONG = "These settings are wrong; nothing was started:"
Result = TypeVar("Result")
SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def leave(code: int = 0) -> NoReturn:
    """End the process at once, when all its work is done.

    While the interpreter takes itself apart, threads of the Temporal SDK may still call
    it and abort (https://github.com/temporalio/sdk-python/issues/300), and an
    orchestrator takes that for a crash.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    os._exit(code)


class WrongSettingsError(Exception):
    """Settings of a process are wrong.

    Attributes:
        lines: What is wrong, a line each: the variable, a colon, and the rule.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("; ".join(lines))
        self.lines = tuple(lines)


def read_settings(settings: type[SettingsT]) -> SettingsT:
    """Return the settings, or print which are wrong and exit with 2.

    Those of Temporal are checked too, where the process uses it.
    """
    try:
        return checked_settings(settings)
    except WrongSettingsError as error:
        errors.print(WRONG)
        for line in error.lines:
            # Text of a file may look like markup.
            errors.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)
        sys.exit(2)


def checked_settings(settings: type[SettingsT]) -> SettingsT:
    """Return the settings; those of Temporal are checked too, where they are used.

    Raises:
        WrongSettingsError: It names each wrong setting, and shows no value.
    """
    try:
        given = settings()
    except UnicodeDecodeError as error:
        byte = f"byte {error.start + 1} is 0x{error.object[error.start]:02x}"
        line = f".env: is not UTF-8 ({byte}); save it as UTF-8"
        raise WrongSettingsError([line]) from None
    except ValidationError as error:
        prefix = settings.model_config.get("env_prefix", "")
        found = error.errors(include_input=False, include_url=False)
        raise WrongSettingsError(
            [_named(prefix, one["loc"], one["msg"]) for one in found]
        ) from None
    if getattr(given, "uses_temporal", False):
        _check_temporal()
    return given


def _check_temporal() -> None:
    from settings.temporal import TemporalSettingError, temporal_config

    try:
        temporal_config()
    except TemporalSettingError as error:
        raise WrongSettingsError([str(error)]) from None


def _named(prefix: str, loc: tuple[int | str, ...], message: str) -> str:
    """Return a validation error as text, after the name of the setting's variable."""
    said = message.removeprefix("Value error, ")
    name = str(loc[0]) if loc else ""
    if not name:
        # A message about several settings together names the first of them.
        name, colon, rest = said.partition(": ")
        name, said = (name, rest) if colon else ("", said)
    # Settings shared by processes, or named by Temporal, stand with their full name.
    is_whole = name.startswith(("CASHIER_", "TEMPORAL_")) or not name
    return f"{name.upper()}: {said}" if is_whole else f"{prefix}{name.upper()}: {said}"


def settings_of(*, writes: bool = False) -> "OperatorSettings":
    """Return the settings; for a command that writes, they must encrypt."""
    from cashier.settings import OperatorSettings

    settings = read_settings(OperatorSettings)
    if writes:
        check_writing(settings)
    return settings


def check_writing(settings: "OperatorSettings") -> None:
    """End the command where it would write clear text into a history."""
    from cashier.temporal_calls import WrongSettingError

    def check() -> None:
        if not settings.may_write:
            raise WrongSettingError(
                "CASHIER_PAYLOAD_KEYS_DIR: needed, so that no clear text is written "
                "into a history; only with CASHIER_CLEAR_TEXT=true it is not needed"
            )

    carry_out(check)


def carry_out(work: Callable[[], Result]) -> Result:
    """Run the work; print an expected error as plain text, and end the command."""
    from cashier.temporal_calls import CommandError

    try:
        return work()
    except CommandError as error:
        # Text of a file may look like markup.
        Console(stderr=True).print(
            str(error), style="red", markup=False, highlight=False, soft_wrap=True
        )
        raise typer.Exit(error.exit_code) from None
