"""How options of commands are read from the environment: as settings are."""

from pathlib import Path
from typing import TypeVar

import typer

from settings.given_text import as_meant
from settings.path_names import check_path_name
from settings.temporal import RULES, is_address

ValueT = TypeVar("ValueT")


def as_given(value: ValueT) -> ValueT:
    """Return a text or path, cleaned up; the callback of an option or argument.

    Also for each item of a list.

    Raises:
        typer.BadParameter: It contains characters that cannot be meant, such as control
        characters.
    """
    if value is None:
        return value
    if isinstance(value, list | tuple):
        return type(value)(map(as_given, value))
    try:
        if isinstance(value, Path):
            check_path_name(str(value))
        meant = as_meant(str(value))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not meant:
        raise typer.BadParameter("is given, but empty")
    return type(value)(meant)  # type: ignore[call-arg]


def port_as_given(port: int) -> int:
    """Return a port that is fixed, so that other processes find it.

    Raises:
        typer.BadParameter: It is not a port, or it is 0, for which the system would
        choose any port.
    """
    if not 0 < port < 65536:
        raise typer.BadParameter(f"{port}: must be a port, from 1 to 65535")
    return port


def address_as_given(address: str | None) -> str | None:
    """Return an address for Temporal, or None where none is given.

    Raises:
        typer.BadParameter: It does not name a host and a port.
    """
    meant = as_given(address)
    if meant and not is_address(meant):
        _, rule = RULES["TEMPORAL_ADDRESS"]
        raise typer.BadParameter(f"{meant}: {rule}")
    return meant
