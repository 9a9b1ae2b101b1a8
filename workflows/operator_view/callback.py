"""The details of an order's callbacks on their page in the Temporal UI."""

from collections.abc import Sequence

from contracts import CallbackInput, ShopEvent
from workflows.operator_view.examples import LEFT_EMPTY, example_of
from workflows.operator_view.runbook import runbook_link


def callback_details_of(sending: CallbackInput, waiting: Sequence[ShopEvent]) -> str:
    """Return the current details: the unaccepted event, and the possible updates."""
    event = sending.event
    link = runbook_link(sending.runbook_url, "callback-not-accepted")
    example = example_of(event_id=event.id, reason="", by="")
    return (
        f"### The shop has not accepted `{event.type}`\n\n"
        f"Order `{event.order_id}` is {event.outcome} since "
        f"{event.occurred_at:%Y-%m-%d %H:%M:%S} UTC. The shop may not know it yet.\n\n"
        "**You may:** repair the shop and send the event now with the update `resend`; "
        "or inform the shop in another way and end this event with `settle`. "
        f"{LEFT_EMPTY}\n\n{example}\n\n"
        "It is sent again with growing pauses, at least once an hour; the pending "
        f"activity shows its last answer.{link}\n\n{_waiting(waiting)}"
    ).strip()


def _waiting(events: Sequence[ShopEvent]) -> str:
    if not events:
        return ""
    names = ", ".join(f"`{one.type}`" for one in events)
    return f"**Sent to the shop after it:** {names}.\n\n"
