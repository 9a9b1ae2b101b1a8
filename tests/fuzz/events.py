"""What a payment's history in Temporal says of its cost."""

from collections.abc import Sequence
from datetime import datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import (
    ActivityTaskScheduledEventAttributes,
    HistoryEvent,
)
from temporalio.client import Client

from contracts import workflow_id


class Events:
    """The events of the newest run of an order's payment."""

    def __init__(self, events: Sequence[HistoryEvent]) -> None:
        self._events = events

    @classmethod
    async def of(cls, client: Client, order_id: str) -> "Events":
        handle = client.get_workflow_handle(workflow_id(order_id))
        return cls((await handle.fetch_history()).events)

    def __len__(self) -> int:
        return len(self._events)

    def count(self, kind: "EventType.ValueType") -> int:
        return sum(1 for event in self._events if event.event_type == kind)

    @property
    def signals(self) -> int:
        return self.count(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)

    @property
    def workflow_tasks(self) -> int:
        return self.count(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED)

    @property
    def crashed_workflow_tasks(self) -> int:
        """Those that our code failed; Temporal itself fails one to make room.

        It does so whenever a hundred signals came while one task was under way.
        """
        return sum(
            1
            for event in self._events
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
            and event.workflow_task_failed_event_attributes.identity
            != "history-service"
        )

    def asked(self, activity: str) -> list[datetime]:
        """When, by the workflow's clock, each activity of this name was wanted."""
        return [
            self._clock_of(event.activity_task_scheduled_event_attributes)
            for event in self._events
            if event.activity_task_scheduled_event_attributes.activity_type.name
            == activity
        ]

    def _clock_of(self, wanted: ActivityTaskScheduledEventAttributes) -> datetime:
        completed = self._events[wanted.workflow_task_completed_event_id - 1]
        task = completed.workflow_task_completed_event_attributes
        return self._events[task.started_event_id - 1].event_time.ToDatetime()
