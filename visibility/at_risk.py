"""The money at risk in an open workflow, as the workflow itself reports it."""

from contextlib import suppress
from datetime import timedelta

from temporalio.client import Client, WorkflowExecution

from contracts import Money, MoneyAtRisk
from visibility.attributes import AMOUNT_MINOR, CURRENCY


async def ask_what_is_at_risk(
    client: Client, workflow_id: str, run_id: str | None, *, within: timedelta
) -> MoneyAtRisk | None:
    """Return the workflow's answer; None where there is none.

    Its worker may not run, or be of an older release, or the keys may be missing here.
    """
    handle = client.get_workflow_handle(workflow_id, run_id=run_id)
    with suppress(Exception):  # the codec raises errors of its own
        said: MoneyAtRisk = await handle.query(
            "at_risk", result_type=MoneyAtRisk, rpc_timeout=within
        )
        return said
    return None


def listed_as_at_risk(listed: WorkflowExecution) -> MoneyAtRisk:
    """Return the most that can be at risk by the list alone: the order's amount."""
    known = listed.typed_search_attributes
    value, currency = known.get(AMOUNT_MINOR), known.get(CURRENCY)
    if currency is None or value is None:
        return MoneyAtRisk()
    return MoneyAtRisk(at_most=(Money(currency=currency, value=value),))
