"""Money goes back once for each refund_id, and never more than came."""

import asyncio
from collections import Counter

from contracts import RefundReturn, refunds_id
from tests.api.refunds.refunding_shop import RefundingShop, php


async def test_a_part_goes_back_and_the_rest_stays_refundable(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    first = await refunding.refunds(
        order_id, "r-1", 6000, reason_for_customer="one cup was cold", note="till 3"
    )
    again = await refunding.refunds(order_id, "r-1", 6000)
    rest = await refunding.refunds(order_id, "r-2")
    state = first.json()
    assert (first.status_code, again.status_code, rest.status_code) == (201, 200, 201)
    assert (state["status"], state["left"]) == ("SUCCEEDED", php(4000))
    assert (state["by"], state["note"]) == ("storefront", "till 3")
    assert state["reason_for_customer"] == "one cup was cold"
    assert (rest.json()["amount"], rest.json()["left"]) == (php(4000), php(0))
    assert refunding.ledgers.of(order_id).total_back == 10000


async def test_of_twenty_refunds_of_60_of_100_at_once_one_gives_back(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    calls = (refunding.refunds(order_id, f"r-{i}", 6000) for i in range(20))
    answers = await asyncio.gather(*calls)
    assert Counter(one.status_code for one in answers) == {201: 1, 409: 19}
    refused = {one.json()["code"] for one in answers if one.status_code == 409}
    assert refused == {"MORE_THAN_IS_LEFT"}
    assert refunding.ledgers.of(order_id).total_back == 6000


async def test_twenty_refunds_of_5_of_100_at_once_all_give_back(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    calls = (refunding.refunds(order_id, f"r-{i}", 500) for i in range(20))
    answers = await asyncio.gather(*calls)
    assert Counter(one.status_code for one in answers) == {201: 20}
    assert refunding.ledgers.of(order_id).total_back == 10000


async def test_the_same_refund_twenty_times_at_once_moves_money_once(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    calls = (refunding.refunds(order_id, "r-1", 500) for _ in range(20))
    answers = await asyncio.gather(*calls)
    assert Counter(one.status_code for one in answers) == {201: 1, 200: 19}
    assert refunding.ledgers.of(order_id).total_back == 500
    assert len(refunding.ledgers.of(order_id).sent) == 1


async def test_a_late_answer_is_a_202_and_the_same_call_again_is_the_same_refund(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    answers = asyncio.Event()
    refunding.ledgers.before_answers[order_id] = answers.wait
    late = await refunding.refunds(order_id, "r-1", 6000)
    assert (late.status_code, late.json()["status"]) == (202, "REQUESTED")
    assert late.headers["location"] == f"/payments/{order_id}/refunds/r-1"
    assert late.json()["left"] == php(4000)
    answers.set()
    again = await refunding.refunds(order_id, "r-1", 6000)
    assert (again.status_code, again.json()["status"]) == (200, "SUCCEEDED")
    assert len(refunding.ledgers.of(order_id).sent) == 1


async def test_a_refund_for_which_too_little_was_left_is_made_once_enough_is_left(
    refunding: RefundingShop,
) -> None:
    """Temporal repeats what it has answered to an equal update, for ever."""
    order_id = await refunding.paid()
    calls = (refunding.refunds(order_id, f"r-{i}", 6000) for i in range(10))
    answers = await asyncio.gather(*calls)
    [made] = [one.json()["refund_id"] for one in answers if one.status_code == 201]
    owner = refunding.shop.client.get_workflow_handle(refunds_id(order_id))
    said = RefundReturn(refund_id=made, by="anna", reason="settlement file")
    await owner.execute_update("returned", said)
    refunding.ledgers.of(order_id).bounced = 6000
    others = [f"r-{i}" for i in range(10) if f"r-{i}" != made]
    again = [await refunding.refunds(order_id, one, 6000) for one in others]
    assert [one.status_code for one in again] == [201, *[409] * 8]
