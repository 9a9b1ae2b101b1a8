"""The caller of an activity: a workflow of ours or not, and its parent."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.order_payments import PATIENCE
from activities.our_runs import Origin, OurRuns
from contracts import (
    LatePaymentInput,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from tests.activities.asking import called_by, run
from tests.builders import a_late_payment, a_page, an_inquiry, an_order
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.workflows.running import a_payment, a_worker
from workflows.late_payment import LatePayment


@workflow.defn(name="CashierPayment", sandboxed=False)
class ForgedParent:
    """Has our worker deal with late money, as if a payment had handed it over."""

    @workflow.run
    async def run(self, late: LatePaymentInput, task_queue: str) -> None:
        await workflow.start_child_workflow(
            "LatePayment",
            late,
            id=late_payment_id(late.payment_request_id),
            task_queue=task_queue,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        )


async def origin_of(
    env: WorkflowEnvironment,
    late: WorkflowHandle[Any, Any],
    *,
    queue: str,
) -> Origin:
    seen = await late.describe()
    info = called_by(late.id, workflow_run_id=seen.run_id, task_queue=queue)
    runs = OurRuns(env.client, within=PATIENCE)
    return await run(runs.origin_of, info, info=info)


async def test_late_money_handed_over_by_a_payment_is_known_as_such(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("SUCCESS")],
        cancels=[NO_VERDICT],
    )
    async with a_payment(skipping, alipay) as payment:
        order_id, queue = payment.order.order_id, payment.task_queue
        for number in (2, 1):
            await payment.notify(payment_request_id=f"{order_id}_{number}")
        await payment.handle.result()
        second = skipping.client.get_workflow_handle(
            late_payment_id(payment_request_id(order_id, 2))
        )
        handed_over = await origin_of(skipping, second, queue=queue)
        elsewhere = await origin_of(skipping, second, queue="another")
        await second.terminate()

        other = a_late_payment(an_order())
        brought = await skipping.client.start_workflow(
            LatePayment.run,
            other,
            id=late_payment_id(other.payment_request_id),
            task_queue=queue,
        )
        by_anybody = await origin_of(skipping, brought, queue=queue)
        await brought.terminate()
    assert handed_over == Origin(is_ours=True, payment=workflow_id(order_id))
    assert elsewhere == Origin(is_ours=False)
    assert by_anybody == Origin(is_ours=True)


async def test_late_money_handed_over_on_another_queue_is_not_trusted(
    skipping: WorkflowEnvironment,
) -> None:
    late, theirs = a_late_payment(an_order()), f"foreign-{uuid4()}"
    alipay = FakeAlipay(inquiries=[NO_VERDICT])
    with skipping.with_time_skipping_disabled():
        async with (
            a_worker(skipping.client, alipay) as ours,
            Worker(skipping.client, task_queue=theirs, workflows=[ForgedParent]),
        ):
            await skipping.client.execute_workflow(
                ForgedParent.run,
                args=[late, ours],
                id=workflow_id(late.order_id),
                task_queue=theirs,
            )
            handle = skipping.client.get_workflow_handle(
                late_payment_id(late.payment_request_id)
            )
            seen = await handle.describe()
            origin = await origin_of(skipping, handle, queue=ours)
            await handle.terminate()
    assert seen.parent_id == workflow_id(late.order_id)
    assert origin == Origin(is_ours=True)


async def runs_of_two(env: WorkflowEnvironment, name: str) -> int:
    """Begin two runs under an id, one after the other; return how many are found."""
    queue = f"nobody-{uuid4()}"
    for _ in range(2):
        handle = await env.client.start_workflow("AnyType", id=name, task_queue=queue)
        await handle.terminate()
    # The list comes to know them a moment later.
    ended = f'TaskQueue = "{queue}" AND ExecutionStatus = "Terminated"'
    while (await env.client.count_workflows(ended)).count < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    info = called_by("payment:caller", task_queue=queue)
    runs = OurRuns(env.client, within=PATIENCE)

    async def found(kind: str) -> int:
        return len(await runs.all_of(name, kind))

    return await run(found, "AnyType", info=info)


@pytest.mark.parametrize("sign", ["-", "'", "%", "`", '"', "\\", "\n"])
async def test_an_earlier_run_is_found_with_any_characters_in_its_id(
    sign: str, dev_server: WorkflowEnvironment
) -> None:
    begins = f"payment:{uuid4()}"
    other = f"{begins}{sign}2"
    await dev_server.client.start_workflow("AnyType", id=other, task_queue="nobody")
    assert await runs_of_two(dev_server, f"{begins}{sign}1") == 2
