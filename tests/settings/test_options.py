"""Options of commands that the environment may give are read as settings are."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from cashier.commands import app
from cashier.system.ports import Ports
from tests.settings.accidents import ACCIDENTS, IMPOSSIBLE
from tests.settings.secrets_given import SECRETS

# Typer brings its own copy of Click, whose classes are not public.
Command = Any
Option = tuple[str, Command, Any]


def options_of(command: Command, words: str = "cashier") -> Iterator[Option]:
    for option in command.params:
        if option.envvar:
            yield words, command, option
    for name, one in getattr(command, "commands", {}).items():
        yield from options_of(one, f"{words} {name}")


OPTIONS = list(options_of(get_command(app)))
EVERY_OPTION = pytest.mark.parametrize(
    ("command", "option"),
    [(command, option) for _, command, option in OPTIONS],
    ids=[f"{words} {option.name}" for words, _, option in OPTIONS],
)


def test_the_options_are_found() -> None:
    variables = {option.envvar for _, _, option in OPTIONS}
    assert variables >= {"CASHIER_AUDIT_KEY_FILE", "CASHIER_ARCHIVE_DIR"}


@EVERY_OPTION
@pytest.mark.parametrize("accident", ACCIDENTS.values(), ids=ACCIDENTS)
def test_what_surely_is_an_accident_is_taken_away_from_an_option(
    command: Command, option: Any, accident: Callable[[str], str]
) -> None:
    context = typer.Context(command)
    meant = option.process_value(context, "/run/value")
    assert option.process_value(context, accident("/run/value")) == meant


@EVERY_OPTION
@pytest.mark.parametrize("wrong", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_nobody_can_have_meant_is_refused_as_an_option(
    command: Command, option: Any, wrong: Callable[[str], str]
) -> None:
    with pytest.raises(typer.BadParameter):
        option.process_value(typer.Context(command), wrong("/run/value"))


def paths_of(command: Command, words: str = "cashier") -> Iterator[Option]:
    for option in command.params:
        if "Path" in str(option.type_descriptor.annotation):
            yield words, command, option
    for name, one in getattr(command, "commands", {}).items():
        yield from paths_of(one, f"{words} {name}")


PATHS = list(paths_of(get_command(app)))


@pytest.mark.parametrize(
    ("command", "option"),
    [(command, option) for _, command, option in PATHS],
    ids=[f"{words} {option.name}" for words, _, option in PATHS],
)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_in_place_of_its_file_is_not_shown_of_an_option(
    command: Command, option: Any, secret: str
) -> None:
    value: Any = [secret] if option.multiple or option.nargs != 1 else secret
    with pytest.raises(typer.BadParameter) as refusal:
        option.process_value(typer.Context(command), value)
    assert "looks like a key" in str(refusal.value)
    assert secret.strip()[5:20] not in str(refusal.value)


def test_the_options_that_name_files_are_found() -> None:
    assert {"folder", "key", "files", "alipay_keys", "report"} <= {
        option.name for _, _, option in PATHS
    }


UP: Command = get_command(app).commands["up"]  # type: ignore[attr-defined]
PORT_OPTIONS = [one.opts[0] for one in UP.params if one.name.endswith("_port")]


def test_the_options_that_are_ports_are_found() -> None:
    assert len(PORT_OPTIONS) == len(fields(Ports))


@pytest.mark.parametrize("option", PORT_OPTIONS)
@pytest.mark.parametrize("port", ["99999", "65536", "0", "-1"])
def test_a_port_option_that_no_host_has_is_refused_by_name_and_rule(
    option: str, port: str, tmp_path: Path
) -> None:
    folder = tmp_path / "up"
    said = CliRunner().invoke(app, ["up", "--folder", str(folder), f"{option}={port}"])
    assert said.exit_code == 2
    words = " ".join(said.stderr.replace("│", "").split())
    assert f"'{option}'" in words
    assert f"{port}: must be a port, from 1 to 65535" in words
    assert not folder.exists()


def test_a_port_that_two_parts_would_have_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "up"
    given = ["up", "--folder", str(folder), "--api-port", "8081"]
    said = CliRunner().invoke(app, given)
    assert said.exit_code == 2
    assert "8081 is given twice" in " ".join(said.stderr.split())
    assert not folder.exists()
