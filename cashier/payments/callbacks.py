"""`cashier callbacks`: sends events to the shop again, or ends a callback by hand."""

import re
from contextlib import suppress

from rich.console import Console
from temporalio.client import Client, WorkflowExecutionStatus

from cashier.payments.reading import look_at
from cashier.payments.send_update import PATIENCE, act
from cashier.temporal_calls import QUICK, CommandError, ends_within
from contracts import (
    CallbackSettlement,
    CallbackView,
    callback_id,
    callbacks_id,
    order_of_event,
)
from visibility import ORDER_ID
from visibility.views import newest_run

# Ids of events are made from those of attempts.
NAMED = re.compile(r"[A-Za-z0-9_-]{1,128}")


async def resend(client: Client, console: Console, named: str) -> int:
    """Send the shop at once the events of an order that it has not accepted."""
    async with ends_within(PATIENCE, "nothing was changed"):
        callbacks = await _pending(client, named)
    for callback in callbacks:
        await act(client, callback, "resend", answers=CallbackView)
        console.print(f"{callback}: sent to the shop again now.", highlight=False)
    return 0


async def settle(
    client: Client, console: Console, named: str, *, by: str, reason: str
) -> int:
    """End a callback after a person has notified the shop of the outcome.

    Raises:
        CommandError: An order has several; each is ended by its event's id.
    """
    async with ends_within(PATIENCE, "nothing was changed"):
        callbacks = await _pending(client, named)
    if len(callbacks) > 1:
        names = ", ".join(one.partition(":")[2] for one in callbacks)
        raise CommandError(f"order {named} has several callbacks; name one of: {names}")
    [callback] = callbacks
    event_id = await _meant(client, callback, named)
    said = CallbackSettlement(reason=reason, by=by, event_id=event_id)
    view = await act(client, callback, "settle", said, answers=CallbackView)
    console.print(
        f"{view.event.id} is {view.outcome}, by {by}.", markup=False, highlight=False
    )
    return 0


async def _meant(client: Client, callback: str, named: str) -> str:
    """Return the id of the event to end, so that no later event is ended instead.

    Raises:
        CommandError: An order is named that has several events which the shop has not
            accepted.
    """
    if callback in _workflows_sending(named):
        return named
    if callback != callbacks_id(named):
        return ""  # a workflow of an older release, which sends only this event
    view = (await look_at(client, callback, CallbackView)).view
    if view is None or not view.waiting:
        return view.event.id if view else ""
    events = ", ".join(one.id for one in (view.event, *view.waiting))
    raise CommandError(
        f"order {named} has several callbacks; name the event that is being sent, the "
        f"first of these: {events}. In place of the order: cashier callbacks settle "
        f"{view.event.id} --by NAME --reason WHY"
    )


async def _pending(client: Client, named: str) -> list[str]:
    """Return the workflow that sends an event, or those that send an order's.

    Raises:
        CommandError: There is no such workflow.
    """
    if not NAMED.fullmatch(named):
        raise CommandError(
            f"NAME: {named!r} is neither an order id nor an event id: these have 1 to "
            "128 of the "
            "characters A-Z, a-z, 0-9, - and _"
        )
    # By their ids first: the list lags behind.
    found = {callbacks_id(named)} if await _runs(client, callbacks_id(named)) else set()
    if not found:
        for one in _workflows_sending(named):
            if await _status(client, one) is not None:
                return [one]
    query = (
        'WorkflowType = "Callback" AND ExecutionStatus = "Running" AND '
        f'{ORDER_ID.name} = "{named}"'
    )
    listed = client.list_workflows(query, rpc_timeout=QUICK)
    found |= {one.id async for one in listed}
    if not found:
        raise CommandError(
            f"no callback of order or event {named} is pending: the shop has accepted "
            "all events, or there was none"
        )
    return sorted(found)


def _workflows_sending(event_id: str) -> list[str]:
    """Return the ids of the workflows that may send an event: two, for old releases."""
    names = [callback_id(event_id)]
    with suppress(ValueError):
        names.append(callbacks_id(order_of_event(event_id)))
    return names


async def _runs(client: Client, workflow_id: str) -> bool:
    return await _status(client, workflow_id) is WorkflowExecutionStatus.RUNNING


async def _status(client: Client, workflow_id: str) -> WorkflowExecutionStatus | None:
    run = await newest_run(client, workflow_id, within=QUICK)
    return run.status if run else None
