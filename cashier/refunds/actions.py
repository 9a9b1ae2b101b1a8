"""`cashier refunds`: starts, confirms and resolves refunds, records bounces."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from temporalio.client import Client

from cashier.payments.names import order_named
from cashier.payments.refunds import WAITS_FOR, show_refund
from cashier.payments.send_update import PATIENCE
from cashier.printing import print_line
from cashier.refund_decisions import resolve_command
from cashier.refunds.amounts import amount_of
from cashier.refunds.owner import (
    find_owner,
    input_again,
    known_refund,
    refund_named,
    update_open_owner,
    update_owner,
)
from cashier.refunds.payer import check_refund, find_dispute, find_payer, input_for
from cashier.temporal_calls import QUICK, CommandError, ends_within, printable
from contracts import (
    ENDED,
    Money,
    RefundConfirmation,
    RefundRequest,
    RefundResolution,
    RefundReturn,
    RefundStatus,
    RefundsView,
    in_words,
)
from visibility.views import newest_run

Confirm = Callable[[str], bool]


@dataclass(frozen=True)
class RefundOptions:
    """A refund that an operator asks for.

    Attributes:
        refund_id: The merchant's id of it; the same id again is the same refund.
        amount: As typed, in the currency's main unit; None for all that is left.
        by: The operator's name.
        reason_for_customer: The customer may see it.
        note: For the merchant's own people.
    """

    refund_id: str
    amount: str | None
    by: str
    reason_for_customer: str = ""
    note: str = ""


async def start(
    client: Client,
    console: Console,
    name: str,
    options: RefundOptions,
    *,
    confirm: Confirm,
) -> int:
    """Refund an order; return 1 where the refund was refused, else 0.

    Args:
        client: Its identity is the operator at the terminal.
        console: Where the amount, and the result, are printed.
        name: The order, by any id of ours.
        options: The refund, as the operator gave it.
        confirm: Called with a question that names the amount; False sends nothing.

    Raises:
        CommandError: It is refused, or the order is not paid, or nobody answers.
    """
    async with ends_within(PATIENCE, "no refund was requested"):
        order_id = await order_named(client, name)
        owner = await find_owner(client, order_id)
        before = owner.view if owner else None
        payer = await find_payer(client, order_id)
        ended = before if owner and not owner.is_open else None
        given = await input_for(client, payer, ended)
        request = _request(options, (before and before.paid) or payer.paid)
        left = before.left if before else payer.paid
        is_new = refund_named(before, options.refund_id) is None
        if is_new:
            doubt = await check_refund(client, payer, request.amount, left)
            request = request.model_copy(update={"dispute_id": doubt})
    if is_new:
        _ask_whether_to(confirm, request, left)
    view = await update_owner(client, given, "refund", request)
    return _print_outcome(console, view, options.refund_id)


async def confirm_refund(
    client: Client, console: Console, name: str, refund_id: str, *, by: str, reason: str
) -> int:
    """Confirm a refund as the second person; return 1 where it was refused."""
    order_id = await order_named(client, name)
    owner = await find_owner(client, order_id)
    dispute_id = await find_dispute(client, owner.view) if owner and owner.view else ""
    said = RefundConfirmation(
        refund_id=refund_id, by=by, reason=reason, dispute_id=dispute_id
    )
    view = await update_open_owner(client, order_id, "confirm", said)
    return _print_outcome(console, view, refund_id)


async def resolve(
    client: Client,
    console: Console,
    name: str,
    said: RefundResolution,
    *,
    confirm: Confirm,
) -> int:
    """Resolve a refund that waits, or propose how; return the exit code.

    Raises:
        CommandError: It does not wait for a person, or it is refused.
    """
    order_id = await order_named(client, name)
    owner = await find_owner(client, order_id)
    record = known_refund(owner.view if owner else None, order_id, said.refund_id)
    print_line(
        console, f"{said.refund_id}: {in_words(record.amount)}, {record.status}."
    )
    if not confirm(f"Resolve it as {said.outcome}, in the name of {said.by}?"):
        raise CommandError("nothing was changed")
    view = await update_open_owner(client, order_id, "resolve", said)
    now = known_refund(view, order_id, said.refund_id)
    if now.proposed and now.status not in ENDED:
        print_line(
            console,
            f"Proposed: {now.proposed.outcome} by {printable(now.proposed.by)}. It "
            "takes effect once a second person confirms it:\n"
            f"  {resolve_command(order_id, said.refund_id, [now.proposed.outcome])}",
        )
        return 0
    show_refund(console, order_id, now)
    return 0


async def returned(
    client: Client, console: Console, name: str, said: RefundReturn
) -> int:
    """Record that a refund has bounced: its amount can be refunded again.

    Also where its workflow has ended: a new run starts with the view of the old one.

    Raises:
        CommandError: It has not succeeded, is not known, or nobody answers.
    """
    order_id = await order_named(client, name)
    owner = await find_owner(client, order_id)
    view = owner.view if owner else None
    record = known_refund(view, order_id, said.refund_id)
    if owner is None or view is None or record.status is not RefundStatus.SUCCEEDED:
        raise CommandError(
            f"refused: only a refund that has succeeded can bounce; {said.refund_id} "
            f"is {record.status}"
        )
    run = await newest_run(client, owner.workflow_id, within=QUICK)
    if owner.is_open or run is None:
        after = await update_open_owner(client, order_id, "returned", said)
    else:
        given = await input_again(client, run, view)
        after = await update_owner(client, given, "returned", said)
    print_line(
        console,
        f"Recorded: {said.refund_id} has bounced, by {said.by}. "
        f"{in_words(after.left)} can be refunded of order {order_id}.",
    )
    return 0


def _request(options: RefundOptions, paid: Money | None) -> RefundRequest:
    amount = None
    if options.amount is not None and paid is not None:
        amount = amount_of(options.amount, paid.currency)
    return RefundRequest(
        refund_id=options.refund_id,
        amount=amount,
        reason_for_customer=options.reason_for_customer,
        note=options.note,
        by=options.by,
    )


def _ask_whether_to(
    confirm: Confirm, request: RefundRequest, left: Money | None
) -> None:
    """Return only if the operator agrees, having read the amount.

    Raises:
        CommandError: The operator does not agree.
    """
    amount = in_words(request.amount) if request.amount else "all"
    of = f" of the {in_words(left)} that are left" if left else ""
    disputed = (
        f" Dispute {request.dispute_id} is open: it waits for a decision."
        if request.dispute_id
        else ""
    )
    if not confirm(f"Refund {amount}{of}, in the name of {request.by}?{disputed}"):
        raise CommandError("no refund was requested")


def _print_outcome(console: Console, view: RefundsView, refund_id: str) -> int:
    """Print the status of a refund; return 1 where it was refused, else 0."""
    record = known_refund(view, view.order_id, refund_id)
    show_refund(console, view.order_id, record)
    if waits := WAITS_FOR.get(record.status):
        print_line(
            console, f"It waits for {waits}. The same command again shows its status."
        )
    if view.left:
        print_line(console, f"{in_words(view.left)} can still be refunded.")
    return 1 if record.status is RefundStatus.REFUSED else 0
