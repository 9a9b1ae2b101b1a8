"""Alipay's ledger beside what the shop was told: no money is lost, or taken twice."""

from collections import Counter

from tests.upgrade.shopping import Shop

# What a shop delivers for.
DELIVERS = {"payment.paid", "late_payment.honoured"}


async def compare_the_books(shop: Shop, *, settled_by_hand: set[str]) -> None:
    """Make sure that just what is paid is delivered, and nothing is paid twice.

    Args:
        shop: Its orders and its system.
        settled_by_hand: Orders whose money a person said to have given back, who in
            these tests has not.
    """
    ledger = await shop.control("ledger")
    charges: Counter[tuple[str, str]] = Counter()
    for entry in ledger["entries"]:
        one = (entry["order_id"], entry["payment_request_id"])
        charges[one] += 1 if entry["kind"] == "CHARGE" else -1
    charged = Counter(order for (order, _), times in charges.items() if times > 0)
    told = Counter(
        event["data"]["order_id"]
        for event in shop.callbacks.events.values()
        if event["type"] in DELIVERS
    )
    assert all(times in (0, 1) for times in charges.values()), charges
    assert all(times == 1 for times in charged.values()), charged
    assert told == {one: 1 for one in charged if one not in settled_by_hand}
