"""The commands of operators: what they are called and what they take."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cashier.running import leave, read_settings

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer()


@app.command()
def setup(
    namespace: Annotated[
        str | None, typer.Option(help="Another one than TEMPORAL_NAMESPACE says")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done")
    ] = False,
    cloud: Annotated[
        bool,
        typer.Option(
            "--cloud", help="Print the commands for Temporal Cloud, and do nothing"
        ),
    ] = False,
    retention_days: Annotated[
        int | None,
        typer.Option(min=1, help="Keep closed payments so long; 90 is advised"),
    ] = None,
) -> None:
    """Register the search attributes of payments in Temporal; repeats change nothing.

    For any cluster but the one of `up`, which does so by itself. It needs no keys.
    """
    from cashier.system.setup import print_cloud, set_up
    from cashier.temporal_calls import a_console, configured_namespace, run_command

    if cloud:
        where = namespace or configured_namespace()
        print_cloud(a_console(), where, retention_days=retention_days)
        return
    raise typer.Exit(
        run_command(
            lambda client: set_up(
                client,
                a_console(),
                namespace=namespace,
                dry_run=dry_run,
                retention_days=retention_days,
            )
        )
    )


@app.command()
def stuck_demo() -> None:
    """Make one payment of each stuck kind, to be looked at in the Temporal UI."""
    import asyncio

    from rich.console import Console

    from cashier.demos.stuck import show_stuck_payments
    from cashier.system.home import Ports

    leave(asyncio.run(show_stuck_payments(Console(), Ports())))


@app.command("audit-demo")
def audit_demo(
    payments: Annotated[int, typer.Option(help="How many are made", min=30)] = 200,
    report: Annotated[
        Path | None, typer.Option(help="Keep the report here, as HTML")
    ] = None,
) -> None:
    """Make payments of all kinds, prove them without a server, and tamper with them.

    Exit code: 0 all are proven and every tampering is found; 1 not so.
    """
    import asyncio

    from rich.console import Console

    from cashier.demos.audit.demo import show_audit

    leave(asyncio.run(show_audit(Console(), payments=payments, report=report)))


@app.command()
def stuck(
    as_json: Annotated[
        bool, typer.Option("--json", help="A list for programs, all of it")
    ] = False,
    queries: Annotated[
        bool,
        typer.Option(
            "--queries", help="Print filters for saved views of the Temporal UI"
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="At most so many rows; 50 for people"),
    ] = None,
    older_than: Annotated[
        int, typer.Option(min=0, help="Only what is stuck for so many minutes")
    ] = 0,
) -> None:
    """List what is stuck: why, for how long, what money is at risk, what to do.

    Exit code: 0 nothing is stuck, 1 something is, 2 a setting is wrong, 3 Temporal
    cannot be reached.
    """
    from cashier.stuck.report import Wanted, report_stuck, show_queries
    from cashier.temporal_calls import a_console, configured_namespace, run_command
    from settings import OperatorSettings

    settings = read_settings(OperatorSettings)
    if queries:
        show_queries(
            a_console(),
            now=datetime.now(UTC),
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
