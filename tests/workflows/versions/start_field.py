"""The same change without a marker: the start event says which runs book."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from tests.workflows.versions.steps import (
        CONSIDERATION,
        SOON,
        ReceiptInput,
        book,
        send,
    )


@workflow.defn(name="Receipt")
class Receipt:
    """Books the sale of an order if it was started so, and sends its receipt."""

    @workflow.run
    async def run(self, receipt: ReceiptInput) -> str:
        if receipt.is_booked:
            await workflow.execute_activity(book, receipt.order_id, **SOON)
        await workflow.sleep(CONSIDERATION)
        return await workflow.execute_activity(send, receipt.order_id, **SOON)
