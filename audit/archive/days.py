"""The archive: each day's histories as a bundle, chained to the day before.

It runs on a task queue of its own, so that what takes payments never touches the keys
that sign bundles, nor the disk that keeps them.
"""

from datetime import date, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from audit.archive.activities import ArchiveActivities, ArchivedDay
    from contracts import Contract

# Set by the server on what a schedule starts, also where it starts late.
SCHEDULED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
# Of a day with very many payments, or of all days since the archive was last made.
LONGEST = timedelta(hours=12)
# The heartbeat comes after each history, and between two days while disks are written.
HEARTBEAT = timedelta(minutes=2)
# A full disk or a lost key is mended by a person; the archive then goes on by itself.
REPEAT = RetryPolicy(maximum_interval=timedelta(minutes=10))


class ArchiveWish(Contract):
    """Which day is wanted; none stands for the day before the start."""

    day: date | None = None


class ArchiveDone(Contract):
    """The bundles that were made, each with the SHA-256 of its manifest."""

    days: tuple[ArchivedDay, ...] = ()


@workflow.defn
class ArchiveDay:
    """Makes the bundle of a day that is over, and of those before that have none."""

    @workflow.run
    async def run(self, wish: ArchiveWish | None = None) -> ArchiveDone:
        day = wish.day if wish and wish.day else _yesterday()
        days = await workflow.execute_activity_method(
            ArchiveActivities.archive_until,
            day,
            start_to_close_timeout=LONGEST,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=REPEAT,
            summary=f"up to {day}",
        )
        return ArchiveDone(days=tuple(days))


def _yesterday() -> date:
    # By the time for which it was planned: one that starts late means the same day.
    info = workflow.info()
    planned = info.typed_search_attributes.get(SCHEDULED_AT) or info.start_time
    return planned.date() - timedelta(days=1)
