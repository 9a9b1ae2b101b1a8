"""The commands about payments of orders: their names and options."""

from typing import Annotated

import typer

from cashier.payments.options import (
    By,
    Order,
    OrderOrEvent,
    Outcome,
    Reason,
    Status,
    check_outcome,
    confirmed,
    wallet_as_given,
    who_acts,
)
from cashier.running import settings_of

# Imports of the parts stand inside the commands, as in `cashier.commands`.

payments = typer.Typer(
    help="Show the payment of an order, and act on it.", no_args_is_help=True
)
callbacks = typer.Typer(
    help="Events that the shop has not accepted yet.", no_args_is_help=True
)


@payments.command("list")
def list_newest(
    status: Annotated[
        Status | None, typer.Option(help="Only payments with this status")
    ] = None,
    wallet: Annotated[
        str | None,
        typer.Option(
            callback=wallet_as_given, help="Only payments with this wallet: GCASH, ..."
        ),
    ] = None,
    attention: Annotated[
        bool, typer.Option("--attention", help="Only payments that need attention")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="The most that are listed")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """List the newest payments: order, wallet, amount, status, attention, times."""
    from cashier.payments.listing import Wanted, list_payments
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of()
    wanted = Wanted(status, wallet, attention, limit)
    raise typer.Exit(
        run_command(
            lambda client: list_payments(
                client, a_console(), wanted, ui_url=settings.ui_url, as_json=as_json
            )
        )
    )


@payments.command()
def show(
    order: Annotated[
        str,
        typer.Argument(
            metavar="ORDER|ID",
            help="The order; or a paymentRequestId, a workflow id, Alipay's paymentId",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Print an order in full: payment, late money, refunds, callbacks, who acted."""
    from cashier.payments import actions
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of()
    raise typer.Exit(
        run_command(
            lambda client: actions.show(
                client,
                a_console(),
                order,
                ui_url=settings.ui_url,
                json_wanted=as_json,
            ),
            keyring=settings.keyring,
        )
    )


@payments.command()
def check(order: Order) -> None:
    """Inquire at Alipay now about the payment, and print the answer."""
    from cashier.payments import actions
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of(writes=True)
    raise typer.Exit(
        run_command(
            lambda client: actions.check(client, a_console(), order),
            keyring=settings.keyring,
        )
    )


@payments.command()
def cancel(order: Order, reason: Reason, by: By = None) -> None:
    """Close a payment, so that nobody can pay it any more.

    Exit code: 0 it is closed unpaid; 1 it is paid, not closed yet, or refused.
    """
    from cashier.payments import actions
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of(writes=True)
    who = who_acts(by, settings)
    raise typer.Exit(
        run_command(
            lambda client: actions.cancel(
                client, a_console(), order, by=who, reason=reason
            ),
            keyring=settings.keyring,
        )
    )


@payments.command()
def resolve(
    order: Order,
    outcome: Annotated[Outcome, typer.Option(help="How it ended, as seen at Alipay")],
    reason: Reason,
    by: By = None,
    attempt: Annotated[
        int | None,
        typer.Option(min=1, help="The number of the attempt whose late money is meant"),
    ] = None,
    replaces: Annotated[
        Outcome | None,
        typer.Option(help="The outcome proposed so far, if this one differs"),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask for confirmation")
    ] = False,
) -> None:
    """Resolve a payment that needs a person; above a limit two persons are needed.

    Look it up at Alipay first. A payment ends PAID, DECLINED, EXPIRED or CANCELLED;
    late money (--attempt) NOT_PAID, RETURNED, REFUNDED, HONOURED or NOT_LATE.
    """
    from cashier.payments import actions
    from cashier.temporal_calls import a_console, run_command

    check_outcome(outcome, attempt)
    settings = settings_of(writes=True)
    who = who_acts(by, settings)
    decision = actions.Decision(
        outcome=outcome, by=who, reason=reason, replaces=replaces or ""
    )
    raise typer.Exit(
        run_command(
            lambda client: actions.resolve(
                client,
                a_console(),
                order,
                decision,
                attempt=attempt,
                confirm=lambda question: yes or confirmed(question),
            ),
            keyring=settings.keyring,
        )
    )


@callbacks.command()
def resend(named: OrderOrEvent) -> None:
    """Send the shop now the events it has not accepted; repeats have the same id."""
    from cashier.payments import callbacks as commands
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of(writes=True)
    raise typer.Exit(
        run_command(
            lambda client: commands.resend(client, a_console(), named),
            keyring=settings.keyring,
        )
    )


@callbacks.command()
def settle(named: OrderOrEvent, reason: Reason, by: By = None) -> None:
    """End a callback after a person has notified the shop."""
    from cashier.payments import callbacks as commands
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of(writes=True)
    who = who_acts(by, settings)
    raise typer.Exit(
        run_command(
            lambda client: commands.settle(
                client, a_console(), named, by=who, reason=reason
            ),
            keyring=settings.keyring,
        )
    )
