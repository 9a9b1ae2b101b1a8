"""A payment whose worker answers no query."""

from temporalio import workflow
from temporalio.exceptions import ApplicationError


@workflow.defn(name="CashierPayment")
class PaymentThatCannotBeRead:
    """Fails each query, as a payment does whose code fails."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def view(self) -> dict[str, str]:
        raise ApplicationError("a reason that quotes a payload")
