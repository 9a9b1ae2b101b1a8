"""Which commands take a name, and which ask first: the runbook names each of them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cashier.commands import app

RUNBOOK = Path(__file__).parent.parent.parent / "docs" / "runbook.md"
ACTING = ("payments", "callbacks", "refunds", "releases", "recover")
# These only read.
READING = ("show", "list")


def acting(command: Any, *path: str) -> Iterator[tuple[str, TyperCommand]]:
    """Yield each command that changes something, with how it is called."""
    if not isinstance(command, TyperGroup):
        yield " ".join(path), command
        return
    for name, inner in command.commands.items():
        if name not in READING and (path or name in ACTING):
            yield from acting(inner, *path, name)


COMMANDS = dict(acting(get_command(app)))


def options_of(name: str) -> set[str]:
    return {option for param in COMMANDS[name].params for option in param.opts}


def named_after(words: str) -> set[str]:
    """Return the commands that the runbook names after these words."""
    [sentence] = re.findall(rf"{words}([^.]*)\.", RUNBOOK.read_text())
    return set(re.findall(r"`([a-z]+ [a-z]+)`", sentence))


def test_the_runbook_names_each_command_that_takes_no_name() -> None:
    without = {name for name in COMMANDS if "--by" not in options_of(name)}
    assert without == named_after("only that identity is recorded:")


def test_the_runbook_names_each_command_that_asks_first() -> None:
    asks = {name for name in COMMANDS if "--yes" in options_of(name)}
    assert asks == named_after("These say first what they would do, and ask:")


@pytest.mark.parametrize("name", COMMANDS)
def test_what_settles_or_gives_back_takes_a_name_and_a_reason(name: str) -> None:
    options = options_of(name)
    # A refund has a note in place of the reason: most are asked for without one.
    assert "--by" not in options or options & {"--reason", "--note"}
