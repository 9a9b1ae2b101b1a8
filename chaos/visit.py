"""One customer's visit to the shop, from the order to its end."""

import asyncio

from chaos.customer import Customer
from chaos.faults import FaultMenu
from chaos.orders import Action, Plan
from chaos.refunds.plans import Refunds
from chaos.shop import JsonObject, Shop, is_over


async def visit(plan: Plan, shop: Shop, customer: Customer, faults: FaultMenu) -> None:
    """Carry out the plan; orders that stay open are settled at the end."""
    first = await _send_to_page(plan, shop, plan.wallet, calls=plan.calls_at_once)
    page = first
    if plan.other_wallet:
        page = await _send_to_page(plan, shop, plan.other_wallet) or first
    await asyncio.gather(_act(plan, customer, page, first), _cancel_in_time(plan, shop))
    state = await shop.until_over(plan.order_id, refresh=plan.refreshes)
    if plan.tries_again and _has_ended_unpaid(state):
        page = await _send_to_page(plan, shop, plan.wallet)
        if page:
            await customer.act(page, Action.PAY)
        state = await shop.until_over(plan.order_id, refresh=plan.refreshes)
    if plan.refunds and state and state["outcome"] == "PAID":
        await asyncio.gather(
            _ask_for_refunds(plan.refunds, plan.order_id, shop),
            _refund_in_portal(plan, state, faults),
        )


async def _ask_for_refunds(refunds: Refunds, order_id: str, shop: Shop) -> None:
    """Request all refunds, each round at once; open ones are settled later."""
    for calls in refunds.rounds:
        await asyncio.gather(
            *(
                shop.refund(order_id, call.refund_id, call.value)
                for call in calls
                for _ in range(call.calls)
            )
        )


async def _refund_in_portal(plan: Plan, state: JsonObject, faults: FaultMenu) -> None:
    if plan.refunds and plan.refunds.in_portal:
        newest = state["attempts"][-1]["payment_request_id"]
        await faults.refund_in_portal(newest, plan.refunds.in_portal)


async def _send_to_page(
    plan: Plan, shop: Shop, wallet: str, *, calls: int = 1
) -> str | None:
    """Open the payment; return the wallet's page, or None without one."""
    answers = await asyncio.gather(*(shop.open(plan, wallet) for _ in range(calls)))
    for opened in answers:
        if url := _page_of(opened):
            return url
    if any(answers):
        # Being opened (202): the page comes later.
        state = await shop.until_page(plan.order_id)
        if state and not is_over(state):
            return _page_of(state["attempts"][-1])
    return None


async def _act(
    plan: Plan, customer: Customer, page: str | None, first: str | None
) -> None:
    await asyncio.sleep(plan.thinks)
    if page:
        await customer.act(page, plan.action)
    if first and first != page and plan.keeps_old_page:
        await customer.act(first, Action.PAY)


async def _cancel_in_time(plan: Plan, shop: Shop) -> None:
    if plan.cancels_after is not None:
        await asyncio.sleep(plan.cancels_after)
        await shop.cancel(plan.order_id)


def _page_of(answer: JsonObject | None) -> str | None:
    cashier = answer.get("cashier") if answer and not answer.get("outcome") else None
    return cashier["url"] if cashier else None


def _has_ended_unpaid(state: JsonObject | None) -> bool:
    return state is not None and state["outcome"] not in (None, "PAID")
