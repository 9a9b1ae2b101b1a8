"""The details of an order's callbacks on their page in the Temporal UI."""

from collections.abc import Sequence

from contracts import CallbackInput, ShopEvent
from workflows.operator_view.examples import LEFT_EMPTY, example_of
from workflows.operator_view.runbook import runbook_link


def callback_details_of(telling: CallbackInput, waiting: Sequence[ShopEvent]) -> str:
    """Return the current details: the unaccepted event, and the possible updates."""
    event = telling.event
    link = runbook_link(telling.runbook_url, "callback-not-accepted")
    example = example_of(event_id=event.id, reason="", by="")
    return (
        f"### The shop has not accepted `{event.type}`\n\n"
        f"Order `{event.order_id}` is {event.outcome} since "
        f"{event.occurred_at:%Y-%m-%d %H:%M:%S} UTC, and the shop does not know.\n\n"
        "**You may:** mend the shop and tell it at once with the update `resend`; "
        "or tell it in another way and end this event with the update `settle`. "
        f"{LEFT_EMPTY}\n\n{example}\n\n"
        "It is told again with growing pauses, at least once an hour; the pending "
        f"activity shows its last answer.{link}\n\n{_waiting(waiting)}"
    ).strip()


def _waiting(events: Sequence[ShopEvent]) -> str:
    if not events:
        return ""
    names = ", ".join(f"`{one.type}`" for one in events)
    return f"**After it the shop is told:** {names}.\n\n"
