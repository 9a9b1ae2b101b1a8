"""`cashier releases`: its names and options."""

from typing import Annotated

import typer

from cashier.running import settings_of

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer(
    help="List worker versions and their open workflows, and move workflows between "
    "them."
)
Build = Annotated[
    str, typer.Argument(metavar="BUILD", help="The build id of the version, as listed")
]
Order = Annotated[
    str | None, typer.Option("--order", help="Only workflows of this order, to try it")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only print what would be done")
]


@app.callback(invoke_without_command=True)
def releases(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """List the worker versions, their open workflows, and which may be shut down.

    Exit code: 0; 1 open workflows have no worker; 2 a setting is wrong; 3 Temporal
    cannot be reached.
    """
    if context.invoked_subcommand:
        return
    from cashier.releases.report import report_releases
    from cashier.temporal_calls import a_console, run_command

    settings_of()
    raise typer.Exit(
        run_command(
            lambda client: report_releases(client, a_console(), as_json=as_json)
        )
    )


@app.command()
def move(
    build: Build,
    order: Order = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also workflows that do not wait for a person")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Move workflows that wait for a person from a version to the current one.

    Each one is then queried, so that the current version replays it; one that it cannot
    replay stays where it was. Temporal records who moved it.
    """
    from cashier.releases.moving import Wanted, move_to_current
    from cashier.temporal_calls import a_console, run_command

    settings_of()
    wanted = Wanted(build, order=order, everything=everything, dry_run=dry_run)
    raise typer.Exit(
        run_command(lambda client: move_to_current(client, a_console(), wanted))
    )


@app.command()
def keep(build: Build, order: Order = None, dry_run: DryRun = False) -> None:
    """Pin the open workflows of a version to it, before a rollback.

    Auto-upgrading workflows would continue on the older version, which may not be able
    to replay them. Workflows that these start later are pinned, too; `move --all`
    unpins.
    """
    from cashier.releases.keeping import keep_on_its_version
    from cashier.releases.moving import Wanted
    from cashier.temporal_calls import a_console, run_command

    settings_of()
    wanted = Wanted(build, order=order, everything=True, dry_run=dry_run)
    raise typer.Exit(
        run_command(lambda client: keep_on_its_version(client, a_console(), wanted))
    )
