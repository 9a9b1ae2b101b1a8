"""The command `recover`: what it is called and what it takes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cashier.given import as_given
from cashier.payments.options import By, Reason, who_acts
from cashier.running import read_settings, settings_of

if TYPE_CHECKING:
    from cashier.payments.recover_lost import Lists

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer()


@app.command()
def recover(
    reason: Reason,
    order: Annotated[
        str | None,
        typer.Argument(metavar="ORDER", help="The shop's order id, of a single order"),
    ] = None,
    orders: Annotated[
        Path | None,
        typer.Option(callback=as_given, help="The shop's own list of orders (CSV)"),
    ] = None,
    transactions: Annotated[
        list[Path] | None,
        typer.Option(callback=as_given, help="Alipay's transactions (CSV); repeatable"),
    ] = None,
    per_second: Annotated[
        float,
        typer.Option(min=0.1, max=100, help="Most orders of a list begun in a second"),
    ] = 5,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what a list would lead to")
    ] = False,
    by: By = None,
) -> None:
    """Have what was stopped, or lost with Temporal, go on; Alipay is asked first.

    ORDER: its payment, its late money and its callbacks. Whatever was terminated, timed
    out or has failed begins a new run, with the same attempts. Nobody is charged twice.

    --orders, --transactions: after Temporal's database was lost, or an old one put
    back. Each order that is not here is asked about, and nothing is opened; what is
    here is left alone. It needs the settings of the API, whose rules hold.
    """
    if (order is None) is not bool(orders or transactions):
        raise typer.BadParameter("give ORDER, or --orders and --transactions, not both")
    if order is None:
        from cashier.payments.recover_lost import Lists

        lists = Lists(orders, tuple(transactions or ()), per_second, dry_run)
        raise typer.Exit(_recover_lost(lists, by, reason))
    raise typer.Exit(_recover_order(order, by, reason))


def _recover_order(order: str, by: str | None, reason: str) -> int:
    from cashier.payments.recover import recover_order
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of(writes=True)
    who = who_acts(by, settings)
    return run_command(
        lambda client: recover_order(client, a_console(), order, by=who, reason=reason),
        keyring=settings.keyring,
    )


def _recover_lost(lists: "Lists", by: str | None, reason: str) -> int:
    from api.merchant_rules import MerchantRules
    from api.payments.recovery import RecoveryRequest
    from api.settings import ApiSettings
    from cashier.payments.recover_lost import recover_lost
    from cashier.temporal_calls import a_console, run_command

    who = who_acts(by, settings_of(writes=True))
    settings = read_settings(ApiSettings)
    rules, request = MerchantRules.of(settings), RecoveryRequest(who, reason)
    return run_command(
        lambda client: recover_lost(client, a_console(), lists, rules, request),
        keyring=settings.keyring,
    )
