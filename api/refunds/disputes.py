"""Finds open disputes about a payment, in the stored notices.

The wallet may return the money of a disputed payment; a refund would return it twice.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from itertools import chain
from typing import Final

from temporalio.client import Client, WorkflowExecution

from api.refunds.payers import Payer
from api.temporal_calls import QUICK, reach
from contracts import NoticeInput
from visibility import ORDER_ID

# These end a dispute (docs/protocol.md 2.8). ACCEPTED is not among them: the customer
# gets the money, so a refund would still be a second one.
OVER: Final = ("DISPUTE_JUDGED", "DISPUTE_CANCELLED")
# The most notices that are read: of one order, and the newest without an order.
MOST_NOTICES: Final = 100
MOST_KEPT: Final = 1000

log = logging.getLogger(__name__)


class Disputes:
    """Reads stored notices; each is read once, because it never changes."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._kept: OrderedDict[str, NoticeInput | None] = OrderedDict()

    async def open_about(self, payer: Payer) -> str:
        """Return the id of an open dispute about a payment; empty where none is known.

        Raises:
            Problem: 503 when Temporal does not answer.
        """
        return open_dispute(await self._notices_of(payer), payer)

    async def _notices_of(self, payer: Payer) -> list[NoticeInput]:
        kinds = 'WorkflowType = "AlipayNotice"'
        filters = [f'{kinds} AND {ORDER_ID.name} = "{payer.order_id}"']
        if payer.payment_id:
            # A notice that names only Alipay's id is stored without an order.
            filters.append(f"{kinds} AND {ORDER_ID.name} IS NULL")
        listed = await asyncio.gather(*(self._listed(one) for one in filters))
        found = await asyncio.gather(*(self._read(one) for one in chain(*listed)))
        return [notice for notice in found if notice]

    async def _listed(self, query: str) -> list[WorkflowExecution]:
        async def all_of_it() -> list[WorkflowExecution]:
            listed = self._client.list_workflows(
                query, limit=MOST_NOTICES, rpc_timeout=QUICK
            )
            return [one async for one in listed]

        return await reach(all_of_it())

    async def _read(self, run: WorkflowExecution) -> NoticeInput | None:
        if run.id not in self._kept:
            self._kept[run.id] = await self._input_of(run)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return self._kept[run.id]

    async def _input_of(self, run: WorkflowExecution) -> NoticeInput | None:
        handle = self._client.get_workflow_handle(run.id, run_id=run.run_id)
        events = handle.fetch_history_events(page_size=1, rpc_timeout=QUICK)
        first = await reach(anext(events))
        given = first.workflow_execution_started_event_attributes.input
        try:
            [read] = await self._client.data_converter.decode(
                given.payloads, [NoticeInput]
            )
        except Exception as error:  # any error of a codec or a converter
            log.warning(
                "a stored notice is not readable (%s)",
                type(error).__name__,
                extra={"workflow_id": run.id},
            )
            return None
        notice: NoticeInput = read
        return notice


def open_dispute(notices: Iterable[NoticeInput], payer: Payer) -> str:
    """Return the id of a dispute about a payment that has not ended; empty if none."""
    about = [one for one in notices if one.dispute_id and _is_about(one, payer)]
    over = {one.dispute_id for one in about if one.notify_type in OVER}
    return next(
        (one.dispute_id or "" for one in about if one.dispute_id not in over), ""
    )


def _is_about(notice: NoticeInput, payer: Payer) -> bool:
    if notice.payment_request_id:
        return notice.payment_request_id == payer.payment_request_id
    return notice.payment_id is not None and notice.payment_id == payer.payment_id
