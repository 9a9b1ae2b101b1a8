"""Finds changed payments in Temporal's list, with one request for all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import Client

from visibility import NEEDS_ATTENTION, ORDER_ID, NeedsAttention
from visibility.stuck import RUNNING, any_of, time_in_query

# The types that a customer's page depends on; callbacks concern only the shop.
TYPES: Final = any_of(("CashierPayment", "LatePayment", "OrderRefunds"))
# An entry appears in the list late, by two seconds on a large cluster, with the time of
# a clock that may differ from ours.
OVERLAP: Final = timedelta(seconds=10)
# A review changes an entry without a start or an end, so all entries under review are
# read, as long as a customer may still look at the page.
REVIEWED_WITHIN: Final = timedelta(hours=1)
# Further changes within the overlap are reported by the next requests.
MOST_LINES: Final = 2000
PATIENCE: Final = timedelta(seconds=4)


class ListedChanges:
    """Reads the changes, with one request however many payments are watched."""

    def __init__(
        self,
        client: Client,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._now = now
        self._seen: frozenset[tuple[object, ...]] = frozenset()

    async def since_last_time(self) -> set[str]:
        """Return the orders with a workflow that started, ended or came under review.

        Listing is not a billable action.

        Raises:
            RPCError: Temporal does not answer.
        """
        orders: dict[tuple[object, ...], str] = {}
        listed = self._client.list_workflows(
            query_of_changes(self._now()), limit=MOST_LINES, rpc_timeout=PATIENCE
        )
        async for line in listed:
            attributes = line.typed_search_attributes
            order_id = attributes.get(ORDER_ID)
            if order_id:
                key = (line.run_id, line.status, attributes.get(NEEDS_ATTENTION))
                orders[key] = order_id
        news = orders.keys() - self._seen
        self._seen = frozenset(orders)
        return {orders[key] for key in news}


def query_of_changes(now: datetime) -> str:
    """Return the filter for workflows that may have changed lately."""
    since = time_in_query(now - OVERLAP)
    reviewed_since = time_in_query(now - REVIEWED_WITHIN)
    review = (
        f'{RUNNING} AND {NEEDS_ATTENTION.name} = "{NeedsAttention.REVIEW}" '
        f'AND StartTime >= "{reviewed_since}"'
    )
    return (
        f"WorkflowType IN ({TYPES}) AND "
        f'(StartTime >= "{since}" OR CloseTime >= "{since}" OR ({review}))'
    )
