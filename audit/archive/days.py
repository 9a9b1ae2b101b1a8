"""The workflow of the archive: a bundle of each day's histories, in a chain.

It runs on a task queue of its own, so that the payments' worker needs neither the key
that signs bundles nor their disk.
"""

from datetime import date, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from audit.archive.activities import ArchiveActivities, ArchivedDay
    from contracts import Contract

# Set by the server on workflows of a schedule, also if they start late.
SCHEDULED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
# For a day with very many payments, or for many days at once.
LONGEST = timedelta(hours=12)
# There is a heartbeat after each history; between two days, files are written.
HEARTBEAT = timedelta(minutes=2)
# A person must fix a full disk or a lost key; the archive then continues by itself.
REPEAT = RetryPolicy(maximum_interval=timedelta(minutes=10))


class ArchiveWish(Contract):
    """The day to archive; None for the day before the start."""

    day: date | None = None


class ArchiveDone(Contract):
    """The new bundles, each with the SHA-256 of its manifest."""

    days: tuple[ArchivedDay, ...] = ()


@workflow.defn
class ArchiveDay:
    """Makes the bundle of an ended day, and missing ones of earlier days."""

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
    # By the scheduled time, so that a late start archives the same day.
    info = workflow.info()
    planned = info.typed_search_attributes.get(SCHEDULED_AT) or info.start_time
    return planned.date() - timedelta(days=1)
