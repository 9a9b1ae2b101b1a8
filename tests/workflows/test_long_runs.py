"""A payment that stays open for long goes on in a new run, with all its facts."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from cashier.embedded import SERVER_OPTIONS, guarded_program
from contracts import PaymentOutcome
from temporal_client import DATA_CONVERTER
from tests.builders import a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment

# The server suggests a new run after 4,096 events; here after so few that a test can
# bring them about.
FEW_EVENTS = "limit.historyCount.suggestContinueAsNew=40"


@pytest.fixture(scope="module")
async def impatient() -> AsyncIterator[WorkflowEnvironment]:
    """A server that soon finds a history long."""
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=guarded_program(),
        dev_server_extra_args=[*SERVER_OPTIONS, "--dynamic-config-value", FEW_EVENTS],
        data_converter=DATA_CONVERTER,
    ) as env:
        yield env


async def test_a_long_run_goes_on_in_a_new_one(impatient: WorkflowEnvironment) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PENDING")])
    async with a_payment(impatient, alipay) as payment:
        first = await payment.handle.describe()
        for number in range(20):
            await payment.notify(notify_type="PAYMENT_PENDING", paid_at=str(number))
            view = await payment.view()
        now = await payment.handle.describe()
        again = await payment.ask_for_page(call_id="again")
        await payment.notify()
        result = await payment.handle.result()
    assert now.run_id != first.run_id
    assert view.attempts[0].cashier == again.attempts[0].cashier
    assert view.started_at == result.started_at
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls.count("pay") == 1
