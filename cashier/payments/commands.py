"""The commands about one order: what they are called and what they take."""

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cashier.running import settings_of

if TYPE_CHECKING:
    from cashier.settings import OperatorSettings

# Imports of the parts stand inside the commands, as in `cashier.commands`.

payments = typer.Typer(
    help="Look at the payment of an order, and act on it.", no_args_is_help=True
)
callbacks = typer.Typer(
    help="What the shop was told, and has not accepted.", no_args_is_help=True
)


def _reason_as_given(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("say why; it stays on record")
    return reason.strip()


def _wallet_as_given(wallet: str | None) -> str | None:
    if wallet is not None and not re.fullmatch(r"[A-Za-z0-9_]{1,64}", wallet):
        raise typer.BadParameter("must be Alipay's code of a wallet, such as GCASH")
    return wallet


Order = Annotated[
    str,
    typer.Argument(
        metavar="ORDER",
        help="The shop's order id; or a paymentRequestId, or a workflow id",
    ),
]
OrderOrEvent = Annotated[
    str, typer.Argument(metavar="ORDER|EVENT_ID", help="An order, or one of its events")
]
By = Annotated[
    str | None,
    typer.Option(help="Who acts; CASHIER_OPERATOR if not given", show_default=False),
]
Reason = Annotated[
    str, typer.Option(callback=_reason_as_given, help="Why; it stays on record")
]
# These call themselves so where no person acts.
NO_PERSONS = ("shop", "temporal")


class Outcome(StrEnum):
    """How a person may settle a payment, or late money (--attempt)."""

    PAID = "PAID"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    NOT_PAID = "NOT_PAID"
    RETURNED = "RETURNED"
    REFUNDED = "REFUNDED"
    HONOURED = "HONOURED"
    NOT_LATE = "NOT_LATE"


class Status(StrEnum):
    """How a payment stands; STOPPED is ended by force."""

    OPEN = "OPEN"
    REVIEW = "REVIEW"
    PAID = "PAID"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    STOPPED = "STOPPED"


@payments.command("list")
def list_newest(
    status: Annotated[
        Status | None, typer.Option(help="Only those that stand so")
    ] = None,
    wallet: Annotated[
        str | None,
        typer.Option(callback=_wallet_as_given, help="Only of this wallet: GCASH, ..."),
    ] = None,
    attention: Annotated[
        bool, typer.Option("--attention", help="Only those that need attention")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
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
    as_json: Annotated[bool, typer.Option("--json", help="For programs")] = False,
) -> None:
    """Print all that is known of an order, open or closed, and who acted on it."""
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
    """Have Alipay asked now what became of the payment, and print its answer."""
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
    who = _who(by, settings)
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
        typer.Option(min=1, help="The attempt whose late money is settled"),
    ] = None,
    replaces: Annotated[
        Outcome | None,
        typer.Option(help="The outcome proposed so far, where this one is another"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether to")] = False,
) -> None:
    """Settle what only a person can settle; above an amount two persons must.

    Look it up at Alipay first. A payment ends PAID, DECLINED, EXPIRED or CANCELLED;
    late money (--attempt) NOT_PAID, RETURNED, REFUNDED, HONOURED or NOT_LATE.
    """
    from cashier.payments import actions
    from cashier.temporal_calls import a_console, run_command

    _check_outcome(outcome, attempt)
    settings = settings_of(writes=True)
    who = _who(by, settings)
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
                confirm=lambda question: yes or typer.confirm(question),
            ),
            keyring=settings.keyring,
        )
    )


@callbacks.command()
def resend(named: OrderOrEvent) -> None:
    """Tell the shop now what it has not accepted; it tells repeats by their id."""
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
    """End a callback, the shop having been told by a person."""
    from cashier.payments import callbacks as commands
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of(writes=True)
    who = _who(by, settings)
    raise typer.Exit(
        run_command(
            lambda client: commands.settle(
                client, a_console(), named, by=who, reason=reason
            ),
            keyring=settings.keyring,
        )
    )


def _who(by: str | None, settings: "OperatorSettings") -> str:
    who = (by or settings.operator).strip()
    if who.casefold() in NO_PERSONS:
        raise typer.BadParameter(
            f"{who} is no person: say your own name", param_hint="--by"
        )
    if who:
        return who
    raise typer.BadParameter(
        "say who acts, or set CASHIER_OPERATOR; the name stays on record",
        param_hint="--by",
    )


def _check_outcome(outcome: Outcome, attempt: int | None) -> None:
    from contracts import LateOutcome, PaymentOutcome

    known: type[StrEnum] = PaymentOutcome if attempt is None else LateOutcome
    if outcome not in list(known):
        what = "a payment" if attempt is None else "late money (--attempt)"
        raise typer.BadParameter(
            f"{outcome} is no outcome of {what}: {', '.join(known)}",
            param_hint="--outcome",
        )
