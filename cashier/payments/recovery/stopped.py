"""`cashier recover`: starts new runs for the stopped workflows of an order."""

from rich.console import Console
from temporalio.client import Client

from api.payments.recovery import RecoveryRequest, recover
from api.refunds.recovery import recover_refunds
from cashier.payments.reading import check_order_id, check_worker
from cashier.temporal_calls import QUICK, CommandError
from contracts import TASK_QUEUE, refunds_id, workflow_id
from visibility import ORDER_ID
from visibility.stopped import UnreadableRunError, find_stopped


async def recover_order(
    client: Client, console: Console, order_id: str, *, by: str, reason: str
) -> int:
    """Start a new run of each stopped workflow of an order; return the exit code.

    Raises:
        CommandError: None was stopped, or a stopped one cannot be read.
    """
    order_id = check_order_id(order_id)
    if not reason.strip():
        raise CommandError(
            "--reason: a reason is needed; it is recorded in the history"
        )
    await check_worker(client, TASK_QUEUE)
    listed = await find_stopped(
        client, within=QUICK, also=f'{ORDER_ID.name} = "{order_id}"'
    )
    # The list may be some seconds late; the ids of the payment and of the refunds are
    # known.
    known = workflow_id(order_id), refunds_id(order_id)
    names = dict.fromkeys([*known, *(one.id for one in listed)])
    request = RecoveryRequest(by, reason)
    recovered = [
        one for one in names if await _recovers(client, one, order_id, request)
    ]
    if not recovered:
        raise CommandError(
            f"no workflow of order {order_id} was stopped before its end. If its "
            "payment was deleted, let the shop open the order again: that asks "
            "Alipay first"
        )
    for name in recovered:
        console.print(f"Recovered: {name} continues in a new run.", highlight=False)
    console.print(
        f"The new run asks Alipay first. See: cashier payments show {order_id}",
        highlight=False,
    )
    return 0


async def _recovers(
    client: Client, name: str, order_id: str, request: RecoveryRequest
) -> bool:
    begins = recover_refunds if name == refunds_id(order_id) else recover
    try:
        return await begins(client, name, request)
    except UnreadableRunError as error:
        raise CommandError(
            f"{name} was stopped, and cannot be recovered: {error}. Look the payment "
            "up at Alipay"
        ) from error
