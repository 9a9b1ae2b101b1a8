"""The commands about refunds: their names and options."""

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cashier.payments.options import By, Order, Reason, confirmed, who_acts
from cashier.running import settings_of

if TYPE_CHECKING:
    from cashier.settings import OperatorSettings

# Imports of the parts stand inside the commands, as in `cashier.commands`.

refunds = typer.Typer(
    help="Refund orders, and show their refunds.",
    no_args_is_help=True,
)


class Decision(StrEnum):
    """How a person resolves a refund that waits."""

    SEND = "SEND"
    WITHDRAW = "WITHDRAW"
    GIVEN_BACK = "GIVEN_BACK"
    NOT_GIVEN_BACK = "NOT_GIVEN_BACK"


class Status(StrEnum):
    """The status of a refund."""

    CONFIRMING = "CONFIRMING"
    REVIEW = "REVIEW"
    REQUESTED = "REQUESTED"
    SENT = "SENT"
    WAITING = "WAITING"
    IN_PROCESS = "IN_PROCESS"
    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    RETURNED = "RETURNED"


def _refund_id_as_given(refund_id: str | None) -> str | None:
    if refund_id is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", refund_id):
        raise typer.BadParameter("has 1 to 64 of A-Z, a-z, 0-9, - and _")
    return refund_id


Refund = Annotated[
    str,
    typer.Argument(
        metavar="REFUND",
        callback=_refund_id_as_given,
        help="The refund's id, as given when it was started",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation")]


@refunds.command()
def start(
    order: Order,
    refund_id: Annotated[
        str,
        typer.Option(
            callback=_refund_id_as_given,
            help="Your id of the refund; the same id again is the same refund",
        ),
    ],
    amount: Annotated[
        str | None,
        typer.Option(
            help="Such as 50.00, in the payment's currency; if not given, all that is "
            "left"
        ),
    ] = None,
    reason_for_customer: Annotated[
        str, typer.Option(help="A reason that the customer and the wallet may see")
    ] = "",
    note: Annotated[
        str, typer.Option(help="A note for your own staff; recorded in the history")
    ] = "",
    by: By = None,
    yes: Yes = False,
) -> None:
    """Refund a paid order; above a limit a second person must confirm.

    Exit code: 0 refunded, or under way; 1 refused.
    """
    from cashier.refunds import actions
    from cashier.temporal_calls import a_console, run_command

    settings, who = _who_writes(by)
    options = actions.RefundOptions(
        refund_id=refund_id,
        amount=amount,
        by=who,
        reason_for_customer=reason_for_customer,
        note=note,
    )
    raise typer.Exit(
        run_command(
            lambda client: actions.start(
                client,
                a_console(),
                order,
                options,
                confirm=lambda question: yes or confirmed(question),
            ),
            keyring=settings.keyring,
        )
    )


@refunds.command()
def show(
    order: Annotated[
        str,
        typer.Argument(
            metavar="ORDER|ID",
            help="The order; or a refundRequestId, paymentRequestId, workflow id, "
            "Alipay's paymentId",
        ),
    ],
    refund_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[REFUND]", callback=_refund_id_as_given, help="Only this refund"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Print the refunds of an order: status, who asked, the rest to refund."""
    from cashier.refunds import showing
    from cashier.temporal_calls import a_console, run_command

    settings = settings_of()
    raise typer.Exit(
        run_command(
            lambda client: showing.show(
                client,
                a_console(),
                order,
                refund_id,
                ui_url=settings.ui_url,
                json_wanted=as_json,
            ),
            keyring=settings.keyring,
        )
    )


@refunds.command("list")
def list_newest(
    status: Annotated[
        Status | None, typer.Option(help="Only refunds with this status")
    ] = None,
    attention: Annotated[
        bool, typer.Option("--attention", help="Only orders that need attention")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, help="The most orders whose refunds are listed")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """List the newest refunds: order, amount, status, attention, who asked."""
    from cashier.refunds.listing import Wanted, list_refunds
    from cashier.temporal_calls import a_console, run_command
    from contracts import RefundStatus

    settings = settings_of()
    wanted = Wanted(RefundStatus(status) if status else None, attention, limit)
    raise typer.Exit(
        run_command(
            lambda client: list_refunds(
                client, a_console(), wanted, ui_url=settings.ui_url, as_json=as_json
            ),
            keyring=settings.keyring,
        )
    )


@refunds.command()
def confirm(order: Order, refund_id: Refund, reason: Reason, by: By = None) -> None:
    """Confirm, as the second person, a refund above the limit of one person."""
    from cashier.refunds import actions
    from cashier.temporal_calls import a_console, run_command

    settings, who = _who_writes(by)
    raise typer.Exit(
        run_command(
            lambda client: actions.confirm_refund(
                client, a_console(), order, refund_id, by=who, reason=reason
            ),
            keyring=settings.keyring,
        )
    )


@refunds.command()
def resolve(
    order: Order,
    refund_id: Refund,
    outcome: Annotated[
        Decision,
        typer.Option(help="What to do, or the outcome that Alipay's portal shows"),
    ],
    reason: Reason,
    by: By = None,
    replaces: Annotated[
        Decision | None,
        typer.Option(help="The outcome proposed so far, if this one differs"),
    ] = None,
    yes: Yes = False,
) -> None:
    """Resolve a refund that waits for a person, or has waited for long.

    SEND continues at once: it sends the refund, or asks Alipay about a sent one;
    WITHDRAW ends a refund that was never sent; GIVEN_BACK and NOT_GIVEN_BACK record the
    outcome that Alipay's portal shows. Above a limit two persons are needed.
    """
    from cashier.refunds import actions
    from cashier.temporal_calls import a_console, run_command
    from contracts import RefundResolution

    settings, who = _who_writes(by)
    said = RefundResolution(
        refund_id=refund_id,
        outcome=outcome,
        by=who,
        reason=reason,
        replaces=replaces or "",
    )
    raise typer.Exit(
        run_command(
            lambda client: actions.resolve(
                client,
                a_console(),
                order,
                said,
                confirm=lambda question: yes or confirmed(question),
            ),
            keyring=settings.keyring,
        )
    )


@refunds.command()
def returned(order: Order, refund_id: Refund, reason: Reason, by: By = None) -> None:
    """Record that a refund has bounced: its amount can be refunded again.

    Alipay reports it only in its settlement files: cashier audit reconcile finds it.
    """
    from cashier.refunds import actions
    from cashier.temporal_calls import a_console, run_command
    from contracts import RefundReturn

    settings, who = _who_writes(by)
    said = RefundReturn(refund_id=refund_id, by=who, reason=reason)
    raise typer.Exit(
        run_command(
            lambda client: actions.returned(client, a_console(), order, said),
            keyring=settings.keyring,
        )
    )


def _who_writes(by: str | None) -> "tuple[OperatorSettings, str]":
    settings = settings_of(writes=True)
    return settings, who_acts(by, settings)
