"""`cashier stuck`: its name and options."""

from typing import Annotated

import typer

from cashier.running import read_settings

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer()


@app.command()
def stuck(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, without a limit")
    ] = False,
    queries: Annotated[
        bool,
        typer.Option(
            "--queries", help="Print filters for saved views in the Temporal UI"
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="The most rows that are shown; 50 if not given"),
    ] = None,
    older_than: Annotated[
        int,
        typer.Option(
            min=0, help="Only what has been stuck for at least so many minutes"
        ),
    ] = 0,
) -> None:
    """List stuck workflows: why, since when, the money at risk, and what to do.

    Exit code: 0 nothing is stuck; 1 something is stuck; 2 a setting is wrong; 3
    Temporal cannot be reached.
    """
    from cashier.settings import OperatorSettings
    from cashier.stuck.report import Wanted, report_stuck, show_queries
    from cashier.temporal_calls import a_console, configured_namespace, run_command

    settings = read_settings(OperatorSettings)
    if queries:
        show_queries(
            a_console(),
            ui_url=settings.ui_url,
            namespace=configured_namespace(),
        )
        return
    wanted = Wanted(as_json=as_json, limit=limit, older_than_minutes=older_than)
    raise typer.Exit(
        run_command(
            lambda client: report_stuck(
                client, a_console(), wanted, ui_url=settings.ui_url
            ),
            keyring=settings.keyring,
        )
    )
