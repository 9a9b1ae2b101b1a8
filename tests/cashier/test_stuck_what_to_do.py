"""What `cashier stuck` says to do ends it, also without a new release or any keys."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from cashier.stuck.details import Details
from cashier.stuck.finding import Stuck, find_stuck
from cashier.stuck.words import what_to_do
from codec.keyring import Keyring, make_key
from contracts import TASK_QUEUE, PaymentView, workflow_id
from temporal_client import data_converter
from tests.builders import a_page, an_inquiry, an_order
from tests.cashier.broken import BrokenLatePayment
from tests.cashier.operating import Desk, a_desk, a_worker, until
from tests.fakes import FakeAlipay
from visibility.stuck import Kind

WHY = ("--by", "ana", "--reason", "its program is gone")


async def shows(desk: Desk, *kinds: Kind) -> bool:
    found = await find_stuck(desk.client, datetime.now(UTC))
    return [one.kind for one in found.stuck] == [*kinds]


async def test_a_payment_of_a_program_that_is_gone_goes_on_once_recovered(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = await a_desk(dev_server)
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_worker(desk, alipay):
        in_time = datetime.now(UTC) + timedelta(minutes=10)
        order = await desk.begin(task_queue="of-another-program", expires_at=in_time)
        await until(lambda: shows(desk, Kind.NO_WORKER))
        handle = desk.client.get_workflow_handle(
            workflow_id(order.order_id), result_type=PaymentView
        )
        await handle.terminate(reason="its program is gone")
        await until(lambda: shows(desk, Kind.STOPPED))
        done = await desk.run("recover", order.order_id, *WHY)
        await desk.run("payments", "check", order.order_id)
        result = await handle.result()
        await until(lambda: shows(desk))
    assert done.exit_code == 0, done.output
    assert result.outcome == "PAID"
    assert (await handle.describe()).task_queue == TASK_QUEUE


async def test_without_payload_keys_the_error_of_a_failing_task_is_named(
    dev_server: WorkflowEnvironment, tmp_path: Path
) -> None:
    make_key(tmp_path, begins=datetime(2026, 1, 1, tzinfo=UTC))
    desk = await a_desk(dev_server, converter=data_converter(Keyring.load(tmp_path)))
    keys = {"CASHIER_PAYLOAD_KEYS_DIR": str(tmp_path)}
    async with a_worker(desk, FakeAlipay(), late_payment=BrokenLatePayment):
        await desk.begin_late(an_order())
        await until(lambda: shows(desk, Kind.TASK_FAILURE))
        whys = [
            json.loads((await desk.run("stuck", "--json", **settings)).stdout)[0]["why"]
            for settings in ({}, {**keys, "CASHIER_CLEAR_TEXT": "false"})
        ]
    blind, told = whys
    assert "RuntimeError; to read more, set CASHIER_PAYLOAD_KEYS_DIR" in blind
    assert "a bug; order-" not in blind
    assert "a bug; order-" in told


@pytest.mark.parametrize(
    ("errors", "todo"),
    [
        (("MissingAlipayKeyError",), "into CASHIER_ALIPAY_KEYS_DIR of each worker"),
        (("RuntimeError", "MissingKeyError"), "in CASHIER_PAYLOAD_KEYS_DIR"),
        (("NewerReleaseError",), "Deploy workers of the release that it names"),
        (("ZeroDivisionError",), "Deploy the worker that last ran it"),
        ((), "Deploy the worker that last ran it"),
    ],
)
def test_what_to_do_about_a_failing_task_depends_on_its_error(
    errors: tuple[str, ...], todo: str
) -> None:
    stuck = Stuck(
        kinds=(Kind.TASK_FAILURE,),
        workflow_id="payment:coffee-1",
        run_id="run",
        workflow_type="CashierPayment",
        task_queue=TASK_QUEUE,
        order_id="coffee-1",
        wallet="GCASH",
        amount=None,
        expires_at=None,
        since=datetime.now(UTC),
        problems=(),
    )
    said = what_to_do(stuck, Details(errors=errors))
    assert todo in said
    assert said.endswith("Never terminate it.")
