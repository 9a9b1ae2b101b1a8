"""Release 1: waits for a while, then sends the receipt."""

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
    """Sends the receipt of an order."""

    @workflow.run
    async def run(self, receipt: ReceiptInput) -> str:
        await workflow.sleep(CONSIDERATION)
        return await workflow.execute_activity(send, receipt.order_id, **SOON)
