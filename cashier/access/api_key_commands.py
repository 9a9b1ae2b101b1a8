"""The commands for keys of the HTTP API: their names and options."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console

from cashier.given import as_given

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer(no_args_is_help=True, help="Who may call the HTTP API.")

# A shop that needs both keys for longer than a month is two shops, with two names.
LONGEST_OVERLAP_HOURS: Final = 24 * 31

File = Annotated[
    Path,
    typer.Option(
        envvar="CASHIER_API_KEYS_FILE",
        callback=as_given,
        help="Where names and hashes are",
    ),
]
Name = Annotated[str, typer.Argument(help="Letters, digits and . _ -")]
FILE: Final = Path(".cashier/keys/api-keys")


@app.command("new")
def new(
    name: Name,
    scopes: Annotated[
        str,
        typer.Option(
            help="Its scopes, separated by commas: start, read, cancel, refund"
        ),
    ],
    per_minute: Annotated[
        int | None, typer.Option(help="Calls a minute; if not given, the API's setting")
    ] = None,
    refund_limit: Annotated[
        list[str] | None,
        typer.Option(
            help="With the scope refund, the largest single refund: PHP=500000, in "
            "minor units; refunds in other currencies are then refused. Repeatable"
        ),
    ] = None,
    file: File = FILE,
) -> None:
    """Make a key for a new name, and print it; it is shown only this once."""
    from api.callers.keys import ApiKeysError
    from cashier.access.api_keys import add_key, read_limits, read_scopes

    try:
        limits = read_limits(refund_limit or ())
        key = add_key(file, name, read_scopes(scopes), per_minute, limits)
    except ApiKeysError as error:
        _refuse(str(error))
    _print_key(key, f"{name} may call with this key; its hash is in {file}")


@app.command("rotate")
def rotate(
    name: Name,
    overlap_hours: Annotated[
        int,
        typer.Option(
            min=0, max=LONGEST_OVERLAP_HOURS, help="How long the old key remains valid"
        ),
    ] = 24,
    file: File = FILE,
) -> None:
    """Make another key of a name, and print it; the old one ends after the overlap."""
    from api.callers.keys import ApiKeysError
    from cashier.access.api_keys import rotate_key

    try:
        key, old = rotate_key(file, name, timedelta(hours=overlap_hours))
    except ApiKeysError as error:
        _refuse(str(error))
    ends = f"{old.ends_at:%Y-%m-%d %H:%M} UTC"
    _print_key(
        key, f"{name} may call with this key; the old one, {old.id}, ends {ends}"
    )


@app.command("list")
def show(file: File = FILE) -> None:
    """List the keys: name, scopes, limits and expiry."""
    from api.callers.keys import ApiKeysError
    from cashier.access.api_keys import list_keys

    try:
        list_keys(file, Console())
    except ApiKeysError as error:
        _refuse(str(error))


@app.command("remove")
def remove(name: Name, file: File = FILE) -> None:
    """Remove the keys of a name; calls with them are refused at once."""
    from api.callers.keys import ApiKeysError
    from cashier.access.api_keys import remove_keys

    try:
        removed = remove_keys(file, name)
    except ApiKeysError as error:
        _refuse(str(error))
    Console().print(f"{name}: {removed} removed from {file}", soft_wrap=True)


def _print_key(key: str, what: str) -> None:
    """Print only the key on stdout, so that it can be redirected to a file."""
    Console(stderr=True).print(what, soft_wrap=True, highlight=False)
    typer.echo(key)


def _refuse(why: str) -> NoReturn:
    Console(stderr=True).print(f"{why}; nothing was changed", soft_wrap=True)
    sys.exit(2)
