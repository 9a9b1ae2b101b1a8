"""Waits until all payments and refunds have ended, without further kills and faults."""

import asyncio
import time
from collections.abc import Callable, Sequence

from chaos.orders import Plan
from chaos.reading import Reader

# Long enough for the slowest cases: an order of the last moment, an activity that was
# lost with its worker, and a notification that is repeated.
PATIENCE_SECONDS = 300
ROUND_SECONDS = 3


async def settle(
    plans: Sequence[Plan], reader: Reader, show_progress: Callable[[int, int], None]
) -> bool:
    """Wait until nothing is under way; False after PATIENCE_SECONDS.

    Args:
        plans: All orders.
        reader: Reads the records.
        show_progress: Called each round with the number of open orders, and of open
            payments, refunds and notifications at Alipay.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        # Alipay first: its notifications may concern any order.
        at_alipay = await _under_way_at_alipay(reader)
        open_orders = await _open_orders(plans, reader)
        refunds = sum(await asyncio.gather(*map(reader.open_refunds, plans)))
        show_progress(len(open_orders), at_alipay + refunds)
        if not (at_alipay or open_orders or refunds):
            return True
        if time.monotonic() > until:
            # Refunds have pauses of an hour: one with a reason may still be open.
            return not (at_alipay or open_orders)
        await asyncio.gather(
            *(reader.shop_says(plan.order_id, refresh=True) for plan in open_orders)
        )
        await asyncio.sleep(ROUND_SECONDS)


async def _under_way_at_alipay(reader: Reader) -> int:
    """Count the payments, refunds and notifications that Alipay still works on."""
    under_way = 0
    for payment in await reader.control("payments"):
        under_way += payment["status"] in ("PROCESSING", "PENDING")
        under_way += payment["pays_late_at"] is not None
        under_way += any(not refund["done"] for refund in payment["refunds"])
        under_way += any(sent["next_at"] for sent in payment["notifications"])
    return under_way


async def _open_orders(plans: Sequence[Plan], reader: Reader) -> list[Plan]:
    states = await asyncio.gather(*(reader.shop_says(plan.order_id) for plan in plans))
    return [
        plan
        for plan, said in zip(plans, states, strict=True)
        if not said or said.is_open
    ]
