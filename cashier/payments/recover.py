"""`cashier recover`: has what was stopped from outside go on, in an operator's name."""

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
    """Begin a new run of all of an order that was stopped; return the exit code.

    Raises:
        CommandError: Nothing of it was stopped, or what was cannot be read.
    """
    order_id = check_order_id(order_id)
    if not reason.strip():
        raise CommandError("--reason: say why it is recovered; it stays on record")
    await check_worker(client, TASK_QUEUE)
    listed = await find_stopped(
        client, within=QUICK, also=f'{ORDER_ID.name} = "{order_id}"'
    )
    # The list may be some seconds behind; of the payment, and of refunds, the ids are
    # known.
    known = workflow_id(order_id), refunds_id(order_id)
    names = dict.fromkeys([*known, *(one.id for one in listed)])
    request = RecoveryRequest(by, reason)
    recovered = [
        one for one in names if await _recovers(client, one, order_id, request)
    ]
    if not recovered:
        raise CommandError(
            f"nothing of order {order_id} was stopped before its end. If its payment "
            "was deleted, have the shop open the order again: Alipay is asked then"
        )
    for name in recovered:
        console.print(f"Recovered: {name} goes on in a new run.", highlight=False)
    console.print(
        f"Alipay is asked first. See: cashier payments show {order_id}", highlight=False
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
            f"{name} was stopped, and cannot be recovered: {error}. Look its money up "
            "at Alipay"
        ) from error
