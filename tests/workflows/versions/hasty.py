"""A change that plain replay does not see: the wait is another one."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from tests.workflows.versions.steps import (
        CONSIDERATION,
        SOON,
        ReceiptInput,
        send,
    )


@workflow.defn(name="Receipt")
class Receipt:
    """Sends the receipt of an order after half the time."""

    @workflow.run
    async def run(self, receipt: ReceiptInput) -> str:
        await workflow.sleep(CONSIDERATION / 2)
        return await workflow.execute_activity(send, receipt.order_id, **SOON)
