"""The commands of the daily archive: their names and options."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cashier.given import as_given
from cashier.running import (
    carry_out,
    check_writing,
    leave,
    read_settings,
    settings_of,
)

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer()


@app.command()
def schedule(
    at: Annotated[str, typer.Option(help="When, UTC")] = "03:00",
) -> None:
    """Schedule the daily archive in Temporal; a repeat changes the time of day."""
    from cashier.audit import archiver as commands
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of()
    raise typer.Exit(
        run_command(
            lambda client: commands.schedule(client, a_console(), at=at),
            keyring=settings.keyring,
        )
    )


@app.command()
def archiver(
    folder: Annotated[
        Path,
        typer.Option(
            envvar="CASHIER_ARCHIVE_DIR",
            callback=as_given,
            help="Where each day's bundle goes",
        ),
    ],
    key: Annotated[
        Path,
        typer.Option(
            envvar="CASHIER_AUDIT_KEY_FILE",
            callback=as_given,
            help="The private key that signs",
        ),
    ],
) -> None:
    """Make the archive whenever the schedule starts it, until SIGTERM.

    One process per folder, apart from the worker, which needs neither this key nor this
    disk.
    """
    from cashier.audit.archiver import serve_archive, signing_key
    from cashier.settings import ArchiverSettings
    from cashier.temporal_calls import check_namespace, run_command
    from telemetry.logs import start_logging

    settings = read_settings(ArchiverSettings)
    check_writing(settings)
    signer = carry_out(lambda: signing_key(key))
    if code := run_command(check_namespace):
        raise typer.Exit(code)
    start_logging("archiver")
    asyncio.run(
        serve_archive(
            folder,
            signer,
            keyring=settings.keyring,
            health_address=settings.health_address,
        )
    )
    leave()
