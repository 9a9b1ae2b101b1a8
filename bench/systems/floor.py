"""The floor: the smallest Temporal workflow that could take a payment, in Python.

It has no decisions, no Alipay and no pydantic models: our cost is the difference to it.
"""

from datetime import timedelta

from temporalio import activity, workflow

FLOOR_TASK_QUEUE = "bench-floor"
# As long as a payment may wait; nothing here waits that long.
PATIENCE = timedelta(minutes=14)


@activity.defn
async def nothing() -> str:
    """Answer at once."""
    return "https://gcash.example/cashier/1"


@workflow.defn
class FloorPage:
    """Update-with-start and one activity: the floor of the time to a page."""

    def __init__(self) -> None:
        self._page: str | None = None

    @workflow.run
    async def run(self) -> None:
        self._page = await workflow.execute_activity(
            nothing, start_to_close_timeout=timedelta(seconds=20)
        )
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def page(self) -> str:
        await workflow.wait_condition(lambda: self._page is not None)
        return self._page or ""


@workflow.defn
class FloorPayment:
    """The same with a timer and a signal: the floor of a paid payment."""

    def __init__(self) -> None:
        self._page: str | None = None
        self._paid = False

    @workflow.run
    async def run(self) -> bool:
        self._page = await workflow.execute_activity(
            nothing, start_to_close_timeout=timedelta(seconds=20)
        )
        try:
            await workflow.wait_condition(lambda: self._paid, timeout=PATIENCE)
        except TimeoutError:
            return False
        return True

    @workflow.update
    async def page(self) -> str:
        await workflow.wait_condition(lambda: self._page is not None)
        return self._page or ""

    @workflow.signal
    def paid(self) -> None:
        self._paid = True
