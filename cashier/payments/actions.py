"""`cashier payments`: shows one order, and acts on it in an operator's name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from rich.console import Console
from temporalio.client import Client

from cashier.payments.alipay_ids import ask_alipay_for_request_id
from cashier.payments.history_of_acts import acts_on
from cashier.payments.names import AskAlipay, order_named
from cashier.payments.reading import look_at, look_at_order, waits_of
from cashier.payments.report import as_json, show_order, show_payment, show_waits
from cashier.payments.send_update import PATIENCE, act
from cashier.printing import print_line
from cashier.stuck.money import risk_in_words
from cashier.temporal_calls import QUICK, CommandError, ends_within, printable
from contracts import (
    CancelWish,
    LateOutcome,
    LatePaymentView,
    LateResolution,
    MoneyAtRisk,
    PaymentOutcome,
    PaymentView,
    Resolution,
    late_payment_id,
    order_of,
    payment_request_id,
    request_id_of,
    workflow_id,
)
from visibility.at_risk import ask_what_is_at_risk

ViewT = TypeVar("ViewT", PaymentView, LatePaymentView)


@dataclass(frozen=True)
class Decision:
    """An operator's resolution: the outcome, who decided it, and why.

    Attributes:
        replaces: The outcome proposed before, which this one replaces.
    """

    outcome: str
    by: str
    reason: str
    replaces: str = ""


async def show(
    client: Client,
    console: Console,
    name: str,
    *,
    ui_url: str,
    json_wanted: bool = False,
    ask_alipay: AskAlipay = ask_alipay_for_request_id,
) -> int:
    """Print all that is known of an order; return the exit code.

    Args:
        client: Connected to Temporal, with the keys that decrypt.
        console: Where it is printed.
        name: The order, by any id that operators meet (`order_named`).
        ui_url: Where the Temporal UI is.
        json_wanted: Whether to print JSON.
        ask_alipay: Returns the order of a paymentId.
    """
    async with ends_within(PATIENCE, "see whether it is stuck with: cashier stuck"):
        order_id = await order_named(client, name, ask_alipay=ask_alipay)
        seen = await look_at_order(client, order_id)
        acts = []
        for named, run_id in seen.runs:
            acts += await acts_on(client, named, run_id)
    acts.sort(key=lambda one: one.at)
    where = {"ui_url": ui_url, "namespace": client.namespace}
    if json_wanted:
        console.file.write(as_json(seen, acts, **where) + "\n")
    else:
        show_order(console, seen, acts, **where)
    return 0


async def check(client: Client, console: Console, name: str) -> int:
    """Inquire at Alipay now, and print the answer; return the exit code."""
    named = workflow_id(await order_named(client, name))
    view = await act(client, named, "check_now", answers=PaymentView)
    show_payment(console, view)
    if view.outcome is None and (waits := await waits_of(client, named)):
        show_waits(console, waits)
    return 0


async def cancel(
    client: Client, console: Console, name: str, *, by: str, reason: str
) -> int:
    """Close a payment; return 1 if it is still open or was paid, else 0."""
    named = workflow_id(await order_named(client, name))
    wish = CancelWish(by=by, reason=reason)
    view = await act(client, named, "cancel", wish, answers=PaymentView)
    show_payment(console, view)
    if view.outcome is None:
        console.print(
            "The payment is still open: Alipay has not confirmed the cancel, and is "
            f"asked again automatically. See: cashier payments show {view.order_id}",
            highlight=False,
            soft_wrap=True,
        )
    elif view.outcome is PaymentOutcome.PAID:
        console.print("The payment was not cancelled: the customer had paid before.")
    unpaid = view.outcome is not None and view.outcome is not PaymentOutcome.PAID
    return 0 if unpaid else 1


async def resolve(
    client: Client,
    console: Console,
    name: str,
    decision: Decision,
    *,
    attempt: int | None,
    confirm: Callable[[str], bool],
) -> int:
    """Resolve a payment, or propose an outcome; return the exit code.

    Args:
        client: Its identity is the operator at the terminal.
        console: Where the money at risk, and the result, are printed.
        name: The order, by any id of ours.
        decision: The outcome, by whom, and why.
        attempt: The attempt whose late money is meant; None for the payment.
        confirm: Called with a question that names the decision; False changes nothing.

    Raises:
        CommandError: It is refused, unknown, or needs no attention.
    """
    order_id = await order_named(client, name)
    if attempt is None:
        paid = PaymentOutcome(decision.outcome)
        named, kind = workflow_id(order_id), PaymentView
        said: Resolution | LateResolution = Resolution(
            outcome=paid,
            reason=decision.reason,
            by=decision.by,
            replaces=decision.replaces,
        )
        return await _resolve(
            client, console, named, kind, said, confirm=confirm, more=""
        )
    late = LateOutcome(decision.outcome)
    said = LateResolution(
        outcome=late,
        reason=decision.reason,
        by=decision.by,
        replaces=decision.replaces,
    )
    return await _resolve(
        client,
        console,
        late_payment_id(payment_request_id(order_id, attempt)),
        LatePaymentView,
        said,
        confirm=confirm,
        more=f" --attempt {attempt}",
    )


async def _resolve(
    client: Client,
    console: Console,
    named: str,
    kind: type[ViewT],
    said: Resolution | LateResolution,
    *,
    confirm: Callable[[str], bool],
    more: str,
) -> int:
    before = (await look_at(client, named, kind)).view
    if before is not None and before.outcome is None:
        await _print_review(client, console, named, before)
    if not confirm(f"Resolve it as {said.outcome}, in the name of {said.by}?"):
        raise CommandError("nothing was changed")
    view = await act(client, named, "resolve", said, answers=kind)
    if view.outcome is None and view.proposed:
        order_id = view.order_id if isinstance(view, PaymentView) else named
        print_line(
            console,
            f"Proposed: {view.proposed.outcome} by {view.proposed.by}. It takes "
            "effect once a second person confirms it:\n"
            f"  {resolve_words(order_id, view, more)}",
        )
        return 0
    by = view.resolved
    second = f", confirmed by {by.confirmed_by}" if by and by.confirmed_by else ""
    console.print(
        f"Settled: {named} is {view.outcome}, by {by.by if by else said.by}{second}.",
        markup=False,
        highlight=False,
    )
    return 0


async def _print_review(
    client: Client, console: Console, named: str, view: PaymentView | LatePaymentView
) -> None:
    """Print the money at risk, why it needs a person, and the proposed outcome."""
    said = await ask_what_is_at_risk(client, named, None, within=QUICK)
    money = risk_in_words(said or MoneyAtRisk(at_most=(view.amount,)))
    why = view.review or "Alipay has not reported an outcome"
    lines = [f"{named}: {money} at risk. {why}."]
    if proposed := view.proposed:
        lines.append(
            f"Proposed so far: {proposed.outcome} by {proposed.by}: {proposed.reason}"
        )
    for line in lines:
        print_line(console, printable(line))


def resolve_words(named: str, view: PaymentView | LatePaymentView, more: str) -> str:
    """Return the command with which a second person confirms the proposed outcome."""
    order_id = named
    if isinstance(view, LatePaymentView):
        order_id = order_of(request_id_of(named))
    outcome = view.proposed.outcome if view.proposed else ""
    return (
        f"cashier payments resolve {order_id} --outcome {outcome}{more} "
        "--by NAME --reason WHY"
    )
