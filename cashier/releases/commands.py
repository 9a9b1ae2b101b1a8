"""`cashier releases`: what it is called and what it takes."""

from typing import Annotated

import typer

from cashier.running import settings_of

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer(
    help="Versions of the workers: which serve, what is open on each, what moves."
)
Build = Annotated[
    str, typer.Argument(metavar="BUILD", help="The version's build id, as listed")
]
Order = Annotated[
    str | None, typer.Option("--order", help="Of one order alone, to try it")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")]


@app.callback(invoke_without_command=True)
def releases(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """List the versions of the workers, what is open on each, and which may go.

    Exit code: 0; 1 where something open has no worker; 2 a setting is wrong, 3 Temporal
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
        bool, typer.Option("--all", help="Also what waits for no person")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Move what is pinned to a version, and waits for a person, to the current one.

    Each is asked there for what it knows, which replays it; one that the current
    version cannot replay stays where it was. Temporal keeps who has moved it.
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
    """Pin what is open on a version there, before an older one becomes current.

    What upgrades itself would go back to the older version, which may not know it. What
    these begin later is kept, too; `move --all` ends it.
    """
    from cashier.releases.keeping import keep_on_its_version
    from cashier.releases.moving import Wanted
    from cashier.temporal_calls import a_console, run_command

    settings_of()
    wanted = Wanted(build, order=order, everything=True, dry_run=dry_run)
    raise typer.Exit(
        run_command(lambda client: keep_on_its_version(client, a_console(), wanted))
    )
