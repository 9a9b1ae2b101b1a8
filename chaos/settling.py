"""Lets everything come to its end: no more kills, no more new faults, some patience."""

import asyncio
import time
from collections.abc import Callable, Sequence

from chaos.orders import Plan
from chaos.reading import Reader

# The longest of what is still to come: an order asked for at the last moment, an
# activity lost with its worker, and a notification that is sent again.
PATIENCE_SECONDS = 300
ROUND_SECONDS = 3


async def settle(
    plans: Sequence[Plan], reader: Reader, tell: Callable[[int, int], None]
) -> bool:
    """Wait until nothing can happen any more; False when the patience is over.

    Args:
        plans: All orders.
        reader: Looks at the books.
        tell: Called each round with how many orders, and how many things at Alipay,
            are under way still.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        # First Alipay: what it has still to say may concern any order.
        at_alipay = await _under_way_at_alipay(reader)
        open_orders = await _open_orders(plans, reader)
        refunds = sum(await asyncio.gather(*map(reader.open_refunds, plans)))
        tell(len(open_orders), at_alipay + refunds)
        if not (at_alipay or open_orders or refunds):
            return True
        if time.monotonic() > until:
            # Refunds have pauses of an hour: one that says why may be open still.
            return not (at_alipay or open_orders)
        await asyncio.gather(
            *(reader.shop_says(plan.order_id, refresh=True) for plan in open_orders)
        )
        await asyncio.sleep(ROUND_SECONDS)


async def _under_way_at_alipay(reader: Reader) -> int:
    """Count what Alipay will do without being asked."""
    under_way = 0
    for payment in await reader.control("payments"):
        under_way += payment["status"] in ("PROCESSING", "PENDING")
        under_way += payment["pays_late_at"] is not None
        under_way += any(not refund["done"] for refund in payment["refunds"])
        under_way += any(sent["next_at"] for sent in payment["notifications"])
    return under_way


async def _open_orders(plans: Sequence[Plan], reader: Reader) -> list[Plan]:
    told = await asyncio.gather(*(reader.shop_says(plan.order_id) for plan in plans))
    return [
        plan for plan, said in zip(plans, told, strict=True) if not said or said.is_open
    ]
