"""A workflow's time, never earlier than a timer of the run that has fired.

A query that waited while no worker polled is given to the next worker together with the
workflow task, and the SDK (1.35) then runs that task with the time of the task before
it. A wait would then begin again, and its history would not replay where the time is
right. A timer that has fired proves that its time has come.

Our workers reject such queries (`workflows/engine/overtaking_queries.py`), because this
mends no other time that a run notes or decides by; it is for workers that do not.
"""

from datetime import datetime

from temporalio import workflow


class Clock:
    """The time of one run."""

    def __init__(self) -> None:
        self._proven = workflow.now()

    @property
    def now(self) -> datetime:
        """The later of the SDK's time and the time that a fired timer proves."""
        return max(workflow.now(), self._proven)

    def has_reached(self, at: datetime) -> None:
        """Note that a timer for this time has fired."""
        self._proven = max(self._proven, at)
