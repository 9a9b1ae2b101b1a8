"""The same change with care: a marker in the history says which runs book."""

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
    """Books the sale of an order, and sends its receipt; older runs only send it."""

    @workflow.run
    async def run(self, receipt: ReceiptInput) -> str:
        if workflow.patched("book-the-sale"):
            await workflow.execute_activity(book, receipt.order_id, **SOON)
        await workflow.sleep(CONSIDERATION)
        return await workflow.execute_activity(send, receipt.order_id, **SOON)
