"""Workflow code with a bug, as a bad release would bring it."""

from temporalio import workflow

from contracts import LatePaymentInput


@workflow.defn(name="LatePayment")
class BrokenLatePayment:
    """Fails whenever it is run, without ending."""

    @workflow.run
    async def run(self, late: LatePaymentInput) -> None:
        raise RuntimeError(f"a bug; {late.order_id}")
