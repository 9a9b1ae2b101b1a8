"""`cashier doctor`: its name and options."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from cashier.doctor.settings import USUAL, Part
from cashier.given import as_given
from cashier.printing import print_line
from cashier.running import errors, leave

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer()


@app.command()
def doctor(
    home: Annotated[
        Path | None,
        typer.Option(
            callback=as_given, help="The folder of a local system, as for `cashier up`"
        ),
    ] = None,
    parts: Annotated[
        list[Part] | None,
        typer.Option(
            "--part",
            help="Check only what this process needs; if not given, worker, "
            "api and archiver",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON: version and findings")
    ] = False,
) -> None:
    """Check everything payments need, before the first customer or when payments hang.

    Calls Alipay, the notify URL and the shop with tests that change nothing. Exit code:
    0 all checks passed; 1 some failed; 2 a setting is wrong; 3 Temporal cannot be
    reached.
    """
    if home:
        from cashier.doctor.local import examine_local

        try:
            examine_local(home, parts or [*Part], as_json=as_json)
        except FileNotFoundError as error:
            print_line(
                errors,
                f"There is no local system in {error.filename}: `cashier prepare` or "
                "`cashier up` makes one",
            )
            raise typer.Exit(2) from None
    asyncio.run(_examine(parts or USUAL, as_json=as_json))


async def _examine(parts: list[Part] | tuple[Part, ...], *, as_json: bool) -> None:
    from cashier.doctor import report
    from cashier.doctor.all_checks import examine
    from cashier.doctor.checks.running import exit_code_of
    from cashier.temporal_calls import a_console

    findings = await examine(parts)
    if as_json:
        sys.stdout.write(report.as_json(findings) + "\n")
    else:
        report.show(a_console(), findings)
    # Not after the loop, whose end would wait for pending DNS look-ups.
    leave(exit_code_of(findings))
