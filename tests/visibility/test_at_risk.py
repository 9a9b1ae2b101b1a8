"""The money at risk is asked of a workflow, and who cannot tell spoils nothing."""

from datetime import timedelta
from uuid import uuid4

from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from contracts import Money, MoneyAtRisk
from tests.builders import a_page
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment
from visibility.at_risk import ask_what_is_at_risk

WITHIN = timedelta(seconds=10)
MORE = Money(currency="PHP", value=131_500)


@workflow.defn(name="OfAnOlderRelease", sandboxed=False)
class OfAnOlderRelease:
    """Knows no query."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)


async def test_a_payment_says_what_was_taken(skipping: WorkflowEnvironment) -> None:
    async with a_payment(skipping, FakeAlipay(pay=[a_page()])) as payment:
        await payment.notify(amount=MORE)
        said = await ask_what_is_at_risk(
            skipping.client, payment.handle.id, None, within=WITHIN
        )
    assert said == MoneyAtRisk(taken=(MORE,))


async def test_a_worker_that_knows_no_such_question_tells_nothing(
    dev_server: WorkflowEnvironment,
) -> None:
    client, name = dev_server.client, f"older-{uuid4().hex}"
    async with Worker(client, task_queue=name, workflows=[OfAnOlderRelease]):
        handle = await client.start_workflow(
            "OfAnOlderRelease", id=name, task_queue=name
        )
        said = await ask_what_is_at_risk(client, name, None, within=WITHIN)
        await handle.terminate()
    unknown = await ask_what_is_at_risk(client, "nobody", None, within=WITHIN)
    assert said is None
    assert unknown is None
