"""What has changed in Temporal's list since it was last looked at, for all payments."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.client import Client

from visibility import NEEDS_ATTENTION, ORDER_ID, NeedsAttention
from visibility.stuck import RUNNING, any_of, time_in_query

# The workflows whose changes concern a customer; a callback concerns only the shop.
TYPES: Final = any_of(("CashierPayment", "LatePayment", "OrderRefunds"))
# A line comes into the list late, by two seconds on a large cluster, and is dated by a
# clock that need not go like ours.
OVERLAP: Final = timedelta(seconds=10)
# A review changes a line without starting or ending anything, so lines under review are
# looked at as a whole: as long as a customer may still sit before the page.
REVIEWED_WITHIN: Final = timedelta(hours=1)
# Changes beyond this number within the overlap are reported in the next rounds.
MOST_LINES: Final = 2000
PATIENCE: Final = timedelta(seconds=4)


class ListedChanges:
    """Sends Temporal one request, however many payments are watched."""

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
        """Return the orders of which something began, ended or came under review.

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
    """Return the filter that finds what may have changed lately."""
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
