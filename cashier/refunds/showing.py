"""`cashier refunds show`: the refunds of an order, or one of them, in full."""

import json

from rich.console import Console
from temporalio.client import Client

from cashier.payments.alipay_ids import ask_alipay_for_request_id
from cashier.payments.names import AskAlipay, order_named
from cashier.payments.refunds import show_refund, show_refunds
from cashier.payments.send_update import PATIENCE
from cashier.printing import print_line
from cashier.refunds.owner import find_owner, known_refund
from cashier.temporal_calls import CommandError, ends_within, page_of
from contracts import RefundsView, refund_named_in


async def show(
    client: Client,
    console: Console,
    name: str,
    refund_id: str | None,
    *,
    ui_url: str,
    json_wanted: bool = False,
    ask_alipay: AskAlipay = ask_alipay_for_request_id,
) -> int:
    """Print the refunds of an order, or one of them; return the exit code.

    Args:
        client: Connected to Temporal, with the keys that decrypt.
        console: Where it is printed.
        name: The order, by any id of ours or Alipay's; or a refundRequestId.
        refund_id: Which refund; None for all, or for the refund whose refundRequestId
            `name` is.
        ui_url: Where the Temporal UI is.
        json_wanted: Whether to print JSON.
        ask_alipay: Returns the order of a paymentId.
    """
    async with ends_within(PATIENCE, "see whether it is stuck with: cashier stuck"):
        order_id = await order_named(client, name, ask_alipay=ask_alipay)
        owner = await find_owner(client, order_id)
    if owner is None or owner.view is None:
        raise CommandError(
            f"order {order_id} has no refunds; there were none, or they ended longer "
            "ago than the namespace's retention. Returned late money is not a refund "
            f"of the order: cashier payments show {order_id}"
        )
    view = owner.view
    if refund_id is None:
        refund_id = _refund_sent_as(view, name)
    record = known_refund(view, order_id, refund_id) if refund_id else None
    if json_wanted:
        said = (record or view).model_dump(mode="json")
        console.file.write(json.dumps(said, indent=1) + "\n")
        return 0
    print_line(console, f"Order {order_id}, paid by {view.payment_request_id}")
    if record:
        show_refund(console, order_id, record)
    else:
        show_refunds(console, view)
    page = page_of(ui_url, client.namespace, owner.workflow_id, owner.run_id)
    print_line(console, f"Page: {page}")
    return 0


def _refund_sent_as(view: RefundsView, name: str) -> str | None:
    """Return the refund that has this refundRequestId; None of another name."""
    for one in view.refunds:
        if refund_named_in(one.refund_request_id) == refund_named_in(name):
            return one.refund_id
    return None
