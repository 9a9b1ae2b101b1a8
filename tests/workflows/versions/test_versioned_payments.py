"""Versioned workers: payments stay with their version, late money does not."""

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHandle
from temporalio.common import VersioningBehavior
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from contracts import (
    CallbackOutcome,
    CallbackView,
    LateOutcome,
    PaymentOutcome,
    callbacks_id,
    late_payment_id,
    payment_request_id,
)
from temporal_client import DATA_CONVERTER
from tests.builders import a_page, an_inquiry, an_order
from tests.fakes import FakeAlipay
from tests.workflows.running import RunningPayment, a_worker
from tests.workflows.test_other_attempts import UNKNOWN, notify_of_second
from tests.workflows.versions.deploying import (
    a_versioned_worker,
    builds_of,
    make_current,
    two_versions,
    until_done_by,
)
from tests.workflows.versions.renewed import NEW, OLD, both_versions
from workflows.callback import Callback
from workflows.kinds import VERSIONED_WORKFLOWS, WORKFLOWS


async def test_a_payment_ends_on_the_version_that_began_it(
    skipping: WorkflowEnvironment,
) -> None:
    async with both_versions(skipping, FakeAlipay(pay=[a_page()])) as renewed:
        before, after = renewed.payment(), renewed.payment()
        await before.ask_for_page()
        await renewed.renew()
        await after.ask_for_page()
        for payment in (before, after):
            await payment.notify()
            result = await payment.handle.result()
            assert result.outcome is PaymentOutcome.PAID
        assert await builds_of(before.handle) == [OLD]
        assert await builds_of(after.handle) == [NEW]


async def test_a_second_call_for_an_open_payment_reaches_its_version(
    skipping: WorkflowEnvironment,
) -> None:
    async with both_versions(skipping, FakeAlipay(pay=[a_page()])) as renewed:
        payment = renewed.payment()
        first = await payment.ask_for_page(call_id="first")
        await renewed.renew()
        second = await payment.ask_for_page(call_id="second")
        assert second.attempts == first.attempts
        assert await builds_of(payment.handle) == [OLD]


async def test_late_money_of_a_pinned_payment_moves_to_the_current_version(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries_of={2: [UNKNOWN]})
    async with both_versions(skipping, alipay) as renewed:
        payment = renewed.payment()
        await payment.ask_for_page()
        await notify_of_second(payment)
        await renewed.renew()
        await payment.notify()
        assert (await payment.handle.result()).outcome is PaymentOutcome.PAID
        assert await builds_of(payment.handle) == [OLD]
        name = payment_request_id(payment.order.order_id, 2)
        late = skipping.client.get_workflow_handle(late_payment_id(name))
        # Its first task is that of its parent's version, which alone may know it.
        await until_done_by(late, NEW)
        assert await builds_of(late) == [OLD, NEW]
        alipay.answers_inquiries_of(2, an_inquiry("FAIL"))
        assert (await late.result())["outcome"] == LateOutcome.NOT_PAID


async def test_callbacks_of_a_pinned_payment_move_to_the_current_version(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    async with both_versions(skipping, alipay) as renewed:
        payment = renewed.payment(tells_shop=True)
        await payment.ask_for_page()
        await payment.notify()
        assert (await payment.handle.result()).outcome is PaymentOutcome.PAID
        queue: WorkflowHandle[Callback, CallbackView] = (
            skipping.client.get_workflow_handle_for(
                Callback.run, callbacks_id(payment.order.order_id)
            )
        )
        await until_done_by(queue, OLD)
        await renewed.renew()
        alipay.shop_is_away = False
        await queue.execute_update("resend")
        assert (await queue.result()).outcome is CallbackOutcome.DELIVERED
        assert await builds_of(queue) == [OLD, NEW]


async def test_payments_of_a_worker_without_a_version_are_taken_on(
    skipping: WorkflowEnvironment,
) -> None:
    """The step from workers without a version to the first that has one."""
    alipay = FakeAlipay(pay=[a_page()])
    version, _ = two_versions()
    with skipping.with_time_skipping_disabled():
        async with a_worker(skipping.client, alipay) as task_queue:
            payment = RunningPayment(skipping, an_order(), task_queue)
            await payment.ask_for_page()
            async with a_versioned_worker(skipping.client, alipay, task_queue, version):
                await payment.check_now()
                # Until its version is current, a versioned worker is given nothing.
                assert await builds_of(payment.handle) == [""]
                await make_current(skipping.client, version)
                await payment.check_now()
                await payment.notify()
                result = await payment.handle.result()
    assert result.outcome is PaymentOutcome.PAID
    assert await builds_of(payment.handle) == ["", OLD]


async def test_a_history_of_versioned_workers_replays_without_versions(
    skipping: WorkflowEnvironment,
) -> None:
    async with both_versions(skipping, FakeAlipay(pay=[a_page()])) as renewed:
        payment = renewed.payment()
        await payment.ask_for_page()
        await payment.notify()
        await payment.handle.result()
        history = await payment.handle.fetch_history()
    for kinds in (WORKFLOWS, VERSIONED_WORKFLOWS):
        replayer = Replayer(workflows=kinds, data_converter=DATA_CONVERTER)
        await replayer.replay_workflow(history)


def test_versioned_workers_run_the_same_types_with_the_same_handlers() -> None:
    assert len(VERSIONED_WORKFLOWS) == len(WORKFLOWS)
    for kind, versioned in zip(WORKFLOWS, VERSIONED_WORKFLOWS, strict=True):
        one = workflow._Definition.must_from_class(kind)
        other = workflow._Definition.must_from_class(versioned)
        assert other.name == one.name
        assert other.signals.keys() == one.signals.keys()
        assert other.updates.keys() == one.updates.keys()
        assert other.queries.keys() == one.queries.keys()
        assert (other.arg_types, other.ret_type) == (one.arg_types, one.ret_type)


@pytest.mark.parametrize("kind", WORKFLOWS)
def test_no_unversioned_kind_declares_a_versioning_behavior(kind: type) -> None:
    declared = workflow._Definition.must_from_class(kind).versioning_behavior
    assert declared == VersioningBehavior.UNSPECIFIED


def test_workflow_types_that_live_for_weeks_are_not_pinned() -> None:
    definitions = map(workflow._Definition.must_from_class, VERSIONED_WORKFLOWS)
    upgrading = {
        one.name
        for one in definitions
        if one.versioning_behavior is VersioningBehavior.AUTO_UPGRADE
    }
    assert upgrading == {"LatePayment", "Callback", "OrderRefunds"}
