"""When the archive is made: a schedule of Temporal's, once a day."""

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
# The archive of a day is asked for when that day's last ends are in Temporal's list.
EARLIEST: Final = time(0, 10)
# What is in flight goes on with the next archiver where it stopped.
GRACE: Final = timedelta(seconds=10)


async def plan_archive(client: Client, *, at: time) -> bool:
    """Have the archive made once a day; return whether it was not planned before.

    Args:
        client: Reaches the server.
        at: The time of day, in UTC.

    Raises:
        ValueError: So early that the day before may not be in the list.
    """
    if at < EARLIEST:
        raise ValueError(f"must be {EARLIEST:%H:%M} or later (UTC)")
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            ArchiveDay.run,
            id="archive-day",
            task_queue=TASK_QUEUE,
            static_summary="The histories of the day before, as a signed bundle",
        ),
        spec=ScheduleSpec(
            calendars=[
                ScheduleCalendarSpec(
                    hour=[ScheduleRange(at.hour)], minute=[ScheduleRange(at.minute)]
                )
            ]
        ),
        # One that waits is enough: it makes all days that have no bundle.
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
    """Return when the archive is made next; None while the schedule is paused."""
    described = await client.get_schedule_handle(SCHEDULE_ID).describe()
    times = described.info.next_action_times
    if described.schedule.state.paused or not times:
        return None
    return times[0].astimezone(UTC)


def build_archiver(client: Client, activities: ArchiveActivities) -> Worker:
    """Return the worker of the archive, and of nothing else."""
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[ArchiveDay],
        activities=[activities.archive_until],
        # Two days at once would break the chain; the folder is this process's alone.
        max_concurrent_activities=1,
        graceful_shutdown_timeout=GRACE,
    )


def _changed(known: ScheduleUpdateInput, schedule: Schedule) -> ScheduleUpdate:
    """Change the plan, and leave it paused if somebody has paused it."""
    schedule.state = known.description.schedule.state
    return ScheduleUpdate(schedule=schedule)
