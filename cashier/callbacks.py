"""`cashier callbacks`: has the shop told again, or ends what was told by a person."""

import re

from rich.console import Console
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cashier.acting import act
from cashier.operators import QUICK, CommandError
from contracts import CallbackSettlement, CallbackView, callback_id
from visibility import ORDER_ID

# Ids of events are made from those of attempts.
NAMED = re.compile(r"[A-Za-z0-9_-]{1,128}")


async def resend(client: Client, console: Console, named: str) -> int:
    """Tell the shop at once all that it has not accepted of an order or an event."""
    for callback in await _pending(client, named):
        await act(client, callback, "resend", answers=CallbackView)
        console.print(f"{callback}: the shop is told again now.", highlight=False)
    return 0


async def settle(
    client: Client, console: Console, named: str, *, by: str, reason: str
) -> int:
    """End a callback whose outcome the shop knows from a person.

    Raises:
        CommandError: An order has several; each is settled by its event's id.
    """
    callbacks = await _pending(client, named)
    if len(callbacks) > 1:
        events = ", ".join(one.partition(":")[2] for one in callbacks)
        raise CommandError(
            f"order {named} has several callbacks; name one event: {events}"
        )
    said = CallbackSettlement(reason=reason, by=by)
    view = await act(client, callbacks[0], "settle", said, answers=CallbackView)
    console.print(
        f"{callbacks[0]} is {view.outcome}, by {by}.", markup=False, highlight=False
    )
    return 0


async def _pending(client: Client, named: str) -> list[str]:
    """Return the callbacks of an event, or the open ones of an order.

    Raises:
        CommandError: There is none.
    """
    if not NAMED.fullmatch(named):
        raise CommandError(
            f"NAME: {named!r} is neither an order nor an event; it has 1 to 128 of the "
            "characters A-Z, a-z, 0-9, - and _"
        )
    if await _is_event(client, named):
        return [callback_id(named)]
    query = (
        'WorkflowType = "Callback" AND ExecutionStatus = "Running" AND '
        f'{ORDER_ID.name} = "{named}"'
    )
    found = [one.id async for one in client.list_workflows(query, rpc_timeout=QUICK)]
    if not found:
        raise CommandError(
            f"no callback of order or event {named} waits for the shop: it has "
            "accepted all, or was to be told nothing"
        )
    return sorted(found)


async def _is_event(client: Client, named: str) -> bool:
    try:
        await client.get_workflow_handle(callback_id(named)).describe(rpc_timeout=QUICK)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND and "workflow" in error.message:
            return False
        raise
    return True
