"""The commands for operators and payload keys: their names and options."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cashier.given import as_given
from cashier.running import leave, read_settings

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer()
operators = typer.Typer(no_args_is_help=True, help="Who may log in to read payments.")
payload_keys = typer.Typer(no_args_is_help=True, help="The keys that encrypt payments.")
app.add_typer(operators, name="operators")
app.add_typer(payload_keys, name="payload-keys")

FILE = Path(".cashier/keys/operators")
FOLDER = Path(".cashier/keys/payloads")


@app.command()
def codec_server() -> None:
    """Run the codec server: it decrypts payloads for logged-in operators."""
    from codec.server.app import serve_codec
    from codec.server.settings import CodecSettings
    from telemetry.logs import start_logging

    settings = read_settings(CodecSettings)
    start_logging("codec")
    asyncio.run(serve_codec(settings))
    leave()


@operators.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Letters, digits and . _ -")],
    file: Annotated[
        Path,
        typer.Option(
            envvar="CASHIER_CODEC_OPERATORS_FILE",
            callback=as_given,
            help="Where names and hashes are",
        ),
    ] = FILE,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make a password and print it")
    ] = False,
) -> None:
    """Add an operator, or renew a password; the old password's sessions end."""
    from cashier.access.operators import let_operator_in
    from codec.server.operators import OperatorsError

    try:
        let_operator_in(file, name, Console(), generate=generate)
    except OperatorsError as error:
        _refuse(str(error))


@payload_keys.command("new")
def new(
    folder: Annotated[
        Path,
        typer.Argument(
            envvar="CASHIER_PAYLOAD_KEYS_DIR",
            callback=as_given,
            help="Where the keys are",
        ),
    ] = FOLDER,
    begins: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="When it comes into use, as 2026-11-24T09:00Z; if not given, now",
        ),
    ] = None,
) -> None:
    """Make a key; from its time on, all payloads are encrypted with it."""
    from cashier.access.operators import make_payload_key

    try:
        time = datetime.fromisoformat(begins) if begins else None
        make_payload_key(folder, time, Console())
    except ValueError:
        _refuse("--from: must be a time in ISO 8601, such as 2026-11-24T09:00Z")
    except FileExistsError as error:
        _refuse(f"there is already a key of that time: {error.filename2}")


def _refuse(why: str) -> None:
    Console(stderr=True).print(f"{why}; nothing was changed", soft_wrap=True)
    sys.exit(2)
