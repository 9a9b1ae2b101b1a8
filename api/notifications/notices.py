"""Stores signed notices that belong to no payment: one short workflow each."""

import logging
from typing import Final

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.metrics.answers import count_notice
from api.temporal_calls import QUICK, reach
from contracts import RELEASE, TASK_QUEUE, NoticeInput, notice_id
from visibility import attributes_of_notice
from workflows.notice import AlipayNotice, notice_details_of, subjects_of

# Temporal accepts 400 bytes, and encryption adds some.
LONGEST_SUMMARY: Final = 200

log = logging.getLogger(__name__)


class Notices:
    """The merchant's notices; each is stored once, however often it is sent."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def keep(self, notice: NoticeInput, *, counted_as: str | None = None) -> None:
        """Store a notice; return once Temporal has it, now or since an earlier call.

        Args:
            notice: The signed notice.
            counted_as: Its label in the metrics; None for its type.

        Raises:
            Problem: 503 when Temporal has not accepted it.
        """
        notice = notice.model_copy(update={"release": RELEASE})
        name = notice_id(notice.evidence.body.encode())
        try:
            await reach(
                self._client.start_workflow(
                    AlipayNotice.run,
                    notice,
                    id=name,
                    task_queue=TASK_QUEUE,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    rpc_timeout=QUICK,
                    search_attributes=attributes_of_notice(notice.order_id),
                    static_summary=_summary_of(notice),
                    static_details=notice_details_of(notice),
                )
            )
        except WorkflowAlreadyStartedError:
            return
        count_notice(counted_as or notice.notify_type)
        log.info(
            "notice kept",
            extra={
                "workflow_id": name,
                "notify_type": notice.notify_type,
                "order_id": notice.order_id or None,
            },
        )


def _summary_of(notice: NoticeInput) -> str:
    kind = notice.notify_type or "Notice of no kind"
    return f"{kind}: {subjects_of(notice)}".replace("`", "")[:LONGEST_SUMMARY]
