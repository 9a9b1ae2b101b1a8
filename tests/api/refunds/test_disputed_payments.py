"""A refund of a disputed payment waits for a person: both would pay the customer."""

import asyncio

import pytest

from contracts import notice_id
from tests.api.refunds.refunding_shop import RefundingShop
from tests.builders import PAYMENT_ID
from tests.samples.reading import changed, sample
from visibility import ORDER_ID


def dispute(order_id: str, kind: str, **changes: object) -> bytes:
    named = {
        "disputeId": f"D-{order_id}",
        "disputeNotificationType": kind,
        "paymentRequestId": f"{order_id}_1",
        "paymentId": PAYMENT_ID,
    }
    return changed(sample("62"), **{**named, **changes})


async def kept(refunding: RefundingShop, *bodies: bytes) -> None:
    """Have notices kept."""
    for body in bodies:
        assert (await refunding.shop.notified(body)).status_code == 200


async def listed(refunding: RefundingShop, order_id: str, number: int) -> None:
    """Wait until Temporal lists so many notices of an order."""
    query = f'WorkflowType = "AlipayNotice" AND {ORDER_ID.name} = "{order_id}"'
    client = refunding.shop.client
    async with asyncio.timeout(20):
        while (await client.count_workflows(query)).count < number:
            pass


async def test_a_refund_of_a_disputed_payment_waits_for_a_person(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    await kept(refunding, dispute(order_id, "DISPUTE_CREATED"))
    await listed(refunding, order_id, 1)
    answer = await refunding.refunds(order_id, "r-1", 6000)
    assert (answer.status_code, answer.json()["status"]) == (202, "REVIEW")
    assert f"D-{order_id}" in answer.json()["waits_for"]
    assert refunding.ledgers.of(order_id).calls == {}


@pytest.mark.parametrize("end", ["DISPUTE_JUDGED", "DISPUTE_CANCELLED"])
async def test_a_dispute_that_is_over_keeps_no_refund(
    end: str, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    created = dispute(order_id, "DISPUTE_CREATED")
    await kept(refunding, created, dispute(order_id, end))
    await listed(refunding, order_id, 2)
    answer = await refunding.refunds(order_id, "r-1", 6000)
    assert (answer.status_code, answer.json()["status"]) == (201, "SUCCEEDED")


async def test_a_dispute_about_another_attempt_keeps_no_refund(
    refunding: RefundingShop,
) -> None:
    order_id = await refunding.paid()
    other = dispute(order_id, "DISPUTE_CREATED", paymentRequestId=f"{order_id}_2")
    await kept(refunding, other)
    await listed(refunding, order_id, 1)
    assert (await refunding.refunds(order_id, "r-1", 6000)).status_code == 201


async def test_a_dispute_that_names_alipays_payment_alone_is_found(
    refunding: RefundingShop,
) -> None:
    # Other tests' payments have another id, or this would keep their refunds, too.
    order_id = await refunding.paid(payment_id="202611240000000777")
    body = dispute(
        order_id,
        "DISPUTE_CREATED",
        paymentRequestId=None,
        paymentId="202611240000000777",
    )
    await kept(refunding, body)
    client = refunding.shop.client
    async with asyncio.timeout(20):
        while not (
            await client.count_workflows(f'WorkflowId = "{notice_id(body)}"')
        ).count:
            pass
    answer = await refunding.refunds(order_id, "r-1", 6000)
    assert (answer.status_code, answer.json()["status"]) == (202, "REVIEW")
