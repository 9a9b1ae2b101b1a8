"""Ten updates of one workflow are in flight at a time: the server's own limit."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import (
    WorkflowUpdateHandle,
    WorkflowUpdateStage,
)
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from contracts import CancelWish, PaymentView
from tests.builders import a_cancel, a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.workflows.running import RunningPayment, a_payment

# The default of the server's `history.maxInFlightUpdates`.
MOST_IN_FLIGHT = 10


async def cancel(
    payment: RunningPayment, name: str, *, within: timedelta | None = None
) -> WorkflowUpdateHandle[PaymentView]:
    return await payment.handle.start_update(
        "cancel",
        CancelWish(by="shop"),
        id=name,
        wait_for_stage=WorkflowUpdateStage.ACCEPTED,
        result_type=PaymentView,
        rpc_timeout=within,
    )


async def test_an_eleventh_update_is_refused_and_a_repeat_of_one_in_flight_is_not(
    dev_server: WorkflowEnvironment,
) -> None:
    answers = asyncio.Event()

    async def wait() -> None:
        await answers.wait()

    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    alipay.before_inquiry_answers = wait
    async with a_payment(dev_server, alipay) as payment:
        in_flight = [
            await cancel(payment, f"cancel-{number}")
            for number in range(MOST_IN_FLIGHT)
        ]
        with pytest.raises(RPCError, match="in-flight updates has been reached"):
            await cancel(payment, "one-more", within=timedelta(seconds=1))
        # The same again is the same update, and takes no more room.
        await cancel(payment, "cancel-0")
        answers.set()
        assert {(await one.result()).outcome for one in in_flight} == {"CANCELLED"}
        assert (await payment.result()).outcome == "CANCELLED"
