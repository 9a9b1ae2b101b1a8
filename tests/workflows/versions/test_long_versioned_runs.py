"""A long payment is continued as new on the version that it is pinned to."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from contracts import PaymentOutcome
from tests.builders import a_page, an_inquiry
from tests.conftest import start_skipping
from tests.fakes import FakeAlipay
from tests.workflows.test_long_runs import FEW_EVENTS
from tests.workflows.versions.deploying import builds_of
from tests.workflows.versions.renewed import OLD, both_versions


@pytest.fixture(scope="module")
async def impatient() -> AsyncIterator[WorkflowEnvironment]:
    """A server that soon finds a history long."""
    async with start_skipping("--dynamic-config-value", FEW_EVENTS) as env:
        yield env


async def test_a_long_pinned_payment_stays_on_its_version(
    impatient: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PENDING")])
    async with both_versions(impatient, alipay) as renewed:
        payment = renewed.payment()
        await payment.ask_for_page()
        first = await payment.handle.describe()
        await renewed.renew()
        while (await payment.handle.describe()).run_id == first.run_id:
            await payment.notify(notify_type="PAYMENT_PENDING")
            await payment.check_now()
        alipay.answers_inquiries(an_inquiry("SUCCESS"))
        await payment.notify()
        result = await payment.handle.result()
        assert await builds_of(payment.handle) == [OLD]
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls.count("pay") == 1
