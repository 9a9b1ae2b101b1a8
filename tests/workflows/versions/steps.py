"""The activities and the input of all versions of the example."""

from datetime import timedelta

from temporalio import activity
from temporalio.workflow import ActivityConfig

from contracts.base import Contract

# The customer may still change the address.
CONSIDERATION = timedelta(minutes=10)
SOON = ActivityConfig(start_to_close_timeout=timedelta(seconds=10))


class ReceiptInput(Contract):
    """The receipt of an order.

    Attributes:
        is_booked: Whether the sale is booked; the first release does not set it.
    """

    order_id: str
    is_booked: bool = False


@activity.defn
async def book(order_id: str) -> str:
    """Book the sale."""
    return f"booked {order_id}"


@activity.defn
async def send(order_id: str) -> str:
    """Send the receipt."""
    return f"sent {order_id}"
