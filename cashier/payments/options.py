"""The arguments and options of the commands about one order, and their checks."""

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cashier.settings import OperatorSettings


def _reason_as_given(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("a reason is needed; it is recorded in the history")
    return reason.strip()


def wallet_as_given(wallet: str | None) -> str | None:
    """Return a wallet's code; it becomes part of a filter.

    Raises:
        typer.BadParameter: It cannot be a wallet's code.
    """
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
    typer.Option(
        help="Your name, recorded in the history; CASHIER_OPERATOR if not given",
        show_default=False,
    ),
]
Reason = Annotated[
    str,
    typer.Option(callback=_reason_as_given, help="The reason, recorded in the history"),
]
# Names that our own processes use where no person acts.
NO_PERSONS = ("shop", "temporal")


def confirmed(question: str) -> bool:
    """Ask a person; return whether the answer is yes.

    Raises:
        CommandError: Nobody answers, as where no terminal is.
    """
    from cashier.temporal_calls import CommandError

    try:
        return typer.confirm(question)
    except typer.Abort:
        raise CommandError(
            "nobody has answered, so nothing was changed; --yes does not ask"
        ) from None


class Outcome(StrEnum):
    """The outcomes that a person may decide; of late money, with --attempt."""

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
    """The status of a payment; STOPPED: the workflow was ended by force."""

    OPEN = "OPEN"
    REVIEW = "REVIEW"
    PAID = "PAID"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    STOPPED = "STOPPED"


def who_acts(by: str | None, settings: "OperatorSettings") -> str:
    """Return the name of the person who acts.

    Raises:
        typer.BadParameter: There is no name, or it is not a person's.
    """
    who = (by or settings.operator).strip()
    if who.casefold() in NO_PERSONS:
        raise typer.BadParameter(
            f"{who} is not a person: give your own name", param_hint="--by"
        )
    if who:
        return who
    raise typer.BadParameter(
        "give your name, or set CASHIER_OPERATOR; it is recorded in the history",
        param_hint="--by",
    )


def check_outcome(outcome: Outcome, attempt: int | None) -> None:
    """Refuse an outcome that a payment, or its late money, cannot have.

    Raises:
        typer.BadParameter: Names those that it can have.
    """
    from contracts import LateOutcome, PaymentOutcome

    known: type[StrEnum] = PaymentOutcome if attempt is None else LateOutcome
    if outcome not in list(known):
        what = "a payment" if attempt is None else "late money (--attempt)"
        raise typer.BadParameter(
            f"{outcome} is not an outcome of {what}: {', '.join(known)}",
            param_hint="--outcome",
        )
