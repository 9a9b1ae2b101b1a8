"""The Temporal schedule that makes the archive, once a day."""

from datetime import UTC, datetime, time, timedelta
from typing import Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.worker import Worker

from audit.archive.activities import ArchiveActivities
from audit.archive.days import ArchiveDay

SCHEDULE_ID: Final = "cashier-archive"
TASK_QUEUE: Final = "cashier-archive"
# The earliest time: the day's last closed workflows are then in Temporal's list.
EARLIEST: Final = time(0, 10)
# An interrupted archive continues in the next archiver.
GRACE: Final = timedelta(seconds=10)


async def plan_archive(client: Client, *, at: time) -> bool:
    """Create or change the schedule; return whether it is new.

    Args:
        client: Connected to the server.
        at: The time of day, in UTC.

    Raises:
        ValueError: It is too early: the previous day may not be listed completely.
    """
    if at < EARLIEST:
        raise ValueError(f"must be {EARLIEST:%H:%M} or later (UTC)")
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            ArchiveDay.run,
            id="archive-day",
            task_queue=TASK_QUEUE,
            static_summary="The histories of the previous day, as a signed bundle",
        ),
        spec=ScheduleSpec(
            calendars=[
                ScheduleCalendarSpec(
                    hour=[ScheduleRange(at.hour)], minute=[ScheduleRange(at.minute)]
                )
            ]
        ),
        # One waiting run is enough: it makes all missing bundles.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE),
        state=ScheduleState(note="Planned by `cashier audit schedule`"),
    )
    try:
        await client.create_schedule(SCHEDULE_ID, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(SCHEDULE_ID).update(
            lambda known: _changed(known, schedule)
        )
        return False
    return True


async def next_archive(client: Client) -> datetime | None:
    """Return the next time of the archive; None while the schedule is paused."""
    described = await client.get_schedule_handle(SCHEDULE_ID).describe()
    times = described.info.next_action_times
    if described.schedule.state.paused or not times:
        return None
    return times[0].astimezone(UTC)


def build_archiver(client: Client, activities: ArchiveActivities) -> Worker:
    """Return the worker of the archive, which serves nothing else."""
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[ArchiveDay],
        activities=[activities.archive_until],
        # Two days at once would break the chain; only this process writes to the
        # folder.
        max_concurrent_activities=1,
        graceful_shutdown_timeout=GRACE,
    )


def _changed(known: ScheduleUpdateInput, schedule: Schedule) -> ScheduleUpdate:
    """Change the schedule, and leave it paused if it is paused."""
    schedule.state = known.description.schedule.state
    return ScheduleUpdate(schedule=schedule)
