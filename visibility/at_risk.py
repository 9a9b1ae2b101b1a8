"""What money is at risk in something open, as its workflow knows it."""

from datetime import timedelta

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from contracts import Money, MoneyAtRisk
from visibility.attributes import AMOUNT_MINOR, CURRENCY


async def ask_what_is_at_risk(
    client: Client, workflow_id: str, run_id: str | None, *, within: timedelta
) -> MoneyAtRisk | None:
    """Return what the workflow says; None where nobody answers, or without the keys."""
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    try:
        said: MoneyAtRisk = await handle.query(
            "at_risk", result_type=MoneyAtRisk, rpc_timeout=within
        )
    except (RPCError, RuntimeError, ValueError):
        return None
    return said


def listed_as_at_risk(listed: WorkflowExecution) -> MoneyAtRisk:
    """Return the most that can be said by the list alone: the order's amount."""
    known = listed.typed_search_attributes
    value, currency = known.get(AMOUNT_MINOR), known.get(CURRENCY)
    if currency is None or value is None:
        return MoneyAtRisk()
    return MoneyAtRisk(at_most=(Money(currency=currency, value=value),))
