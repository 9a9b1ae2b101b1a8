"""The command `recover`: its options."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cashier.given import as_given
from cashier.payments.options import By, Reason, who_acts
from cashier.running import read_settings, settings_of

if TYPE_CHECKING:
    from cashier.payments.recovery.lost import Lists

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer()


@app.command()
def recover(
    reason: Reason,
    order: Annotated[
        str | None,
        typer.Argument(
            metavar="ORDER", help="The shop's order id, to recover one order"
        ),
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
        typer.Option(
            min=0.1,
            max=100,
            help="The most orders of a list that are started in a second",
        ),
    ] = 5,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only print what would be done about a list"),
    ] = False,
    by: By = None,
) -> None:
    """Start new runs of stopped workflows, or of orders that Temporal has lost.

    ORDER: the payment, late money, refunds and callbacks of one order. Each of its
    workflows that was terminated, timed out or failed gets a new run with the same
    attempts, which asks Alipay first. Nobody is charged twice.

    --orders, --transactions: after Temporal's database was lost, or an old one put
    back. Alipay is asked about each order that Temporal does not know, and no payment
    is opened; known orders are left unchanged. It needs the settings of the API.
    """
    if (order is None) is not bool(orders or transactions):
        raise typer.BadParameter("give ORDER, or --orders and --transactions, not both")
    if order is None:
        from cashier.payments.recovery.lost import Lists

        lists = Lists(orders, tuple(transactions or ()), per_second, dry_run)
        raise typer.Exit(_recover_lost(lists, by, reason))
    raise typer.Exit(_recover_order(order, by, reason))


def _recover_order(order: str, by: str | None, reason: str) -> int:
    from cashier.payments.recovery.stopped import recover_order
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
    from cashier.payments.recovery.lost import recover_lost
    from cashier.temporal_calls import a_console, run_command

    who = who_acts(by, settings_of(writes=True))
    settings = read_settings(ApiSettings)
    rules, request = MerchantRules.of(settings), RecoveryRequest(who, reason)
    return run_command(
        lambda client: recover_lost(client, a_console(), lists, rules, request),
        keyring=settings.keyring,
    )
