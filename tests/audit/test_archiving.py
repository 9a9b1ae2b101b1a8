"""Each day becomes a bundle, chained to the day before, whatever comes between."""

import signal
import sys
from asyncio import create_subprocess_exec, timeout
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from temporalio.client import WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import Replayer

from audit.archive.activities import ArchiveActivities
from audit.archive.days import ArchiveDay, ArchiveDone, ArchiveWish
from audit.archive.schedule import (
    SCHEDULE_ID,
    TASK_QUEUE,
    build_archiver,
    next_archive,
    plan_archive,
)
from audit.bundle.manifest import MANIFEST, Selection
from audit.bundle.reading import Bundle
from audit.bundle.signing_keys import make_pair
from audit.bundle.writing import UnfinishedBundle
from cashier.system.environment import bare_environment
from contracts import workflow_id
from temporal_client import DATA_CONVERTER
from tests.builders import a_refusal
from tests.cashier.operating import Desk, a_desk, a_worker, until
from tests.fakes import FakeAlipay
from tests.telemetry.running import free_address
from visibility.stuck import OURS

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).date()
KEY = Ed25519PrivateKey.generate()


@dataclass
class Archive:
    """An archive in a folder, and a clock that a test sets."""

    desk: Desk
    folder: Path
    today: date = TODAY + DAY

    @property
    def activities(self) -> ArchiveActivities:
        return ArchiveActivities(
            self.desk.client,
            self.folder,
            KEY,
            now=lambda: datetime.combine(self.today, time(3), UTC),
        )

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        async with build_archiver(self.desk.client, self.activities):
            yield

    async def make(self, day: date) -> ArchiveDone:
        self.today = day + DAY
        async with self.served():
            return await self.desk.client.execute_workflow(
                ArchiveDay.run,
                ArchiveWish(day=day),
                id=f"archive-{uuid4()}",
                task_queue=TASK_QUEUE,
            )

    def bundle(self, day: date) -> Bundle:
        return Bundle.open(self.folder / f"{day}")

    def problems(self) -> list[str]:
        return [
            finding.in_words()
            for folder in sorted(self.folder.iterdir())
            for finding in Bundle.open(folder).problems(KEY.public_key())
        ]


@pytest.fixture(scope="module")
async def desk(dev_server: WorkflowEnvironment) -> Desk:
    """Two payments that were closed today."""
    desk = await a_desk(dev_server)
    async with a_worker(desk, FakeAlipay(pay=[a_refusal()])):
        for order_id in ("one", "two"):
            await desk.begin(order_id=order_id)
            await desk.client.get_workflow_handle(workflow_id(order_id)).result()

    async def are_listed() -> bool:
        closed = f'{OURS} AND ExecutionStatus = "Completed"'
        return (await desk.client.count_workflows(closed)).count == 2

    await until(are_listed)
    return desk


@pytest.fixture
def archive(desk: Desk, tmp_path: Path) -> Archive:
    return Archive(desk, tmp_path / "archive")


async def test_a_day_becomes_a_signed_bundle(archive: Archive) -> None:
    done = await archive.make(TODAY)
    found = {entry.order_id for entry in archive.bundle(TODAY).entries()}
    assert found == {"one", "two"}
    assert [(day.day, day.histories, day.gone) for day in done.days] == [(TODAY, 2, 0)]
    assert archive.problems() == []


async def test_the_first_bundle_holds_all_that_was_before(archive: Archive) -> None:
    await archive.make(TODAY + DAY)
    assert [one.name for one in archive.folder.iterdir()] == [f"{TODAY + DAY}"]
    assert archive.bundle(TODAY + DAY).manifest.histories == 2


async def test_missed_days_are_made_up_for_and_chained(archive: Archive) -> None:
    first = await archive.make(TODAY - DAY)
    done = await archive.make(TODAY + 2 * DAY)
    days = [TODAY, TODAY + DAY, TODAY + 2 * DAY]
    assert [day.day for day in done.days] == days
    assert [day.histories for day in done.days] == [2, 0, 0]
    assert archive.bundle(TODAY).manifest.previous == first.days[0].manifest
    assert archive.bundle(days[2]).manifest.previous == done.days[1].manifest
    assert archive.problems() == []


async def test_the_same_day_again_changes_nothing(archive: Archive) -> None:
    first = await archive.make(TODAY)
    before = (archive.bundle(TODAY).folder / MANIFEST).read_bytes()
    assert await archive.make(TODAY) == first
    assert (archive.bundle(TODAY).folder / MANIFEST).read_bytes() == before


async def test_a_day_before_the_first_is_in_the_first_already(archive: Archive) -> None:
    await archive.make(TODAY)
    assert await archive.make(TODAY - DAY) == ArchiveDone()
    assert [one.name for one in archive.folder.iterdir()] == [f"{TODAY}"]


async def test_an_interrupted_first_day_is_finished_first(archive: Archive) -> None:
    end = datetime.combine(TODAY + DAY, time(), UTC)
    with UnfinishedBundle.opened(archive.folder / f"{TODAY}") as unfinished:
        unfinished.agree_on(Selection(before=end))
    done = await archive.make(TODAY + DAY)
    assert [(day.day, day.histories) for day in done.days] == [
        (TODAY, 2),
        (TODAY + DAY, 0),
    ]
    assert archive.problems() == []


async def test_a_day_that_is_not_over_waits_until_it_is_listed(
    archive: Archive,
) -> None:
    archive.today = TODAY
    with pytest.raises(ApplicationError, match="has not ended") as refused:
        await ActivityEnvironment().run(archive.activities.archive_until, TODAY)
    # From 3 o'clock to midnight, and what the list may lag behind.
    assert refused.value.next_retry_delay == timedelta(hours=21, minutes=5)
    assert not archive.folder.exists()


async def test_a_lost_bundle_stops_the_archive_and_says_which(
    archive: Archive,
) -> None:
    await archive.make(TODAY)
    (archive.bundle(TODAY).folder / MANIFEST).write_text("{}")
    archive.today = TODAY + 2 * DAY
    with pytest.raises(ApplicationError, match=MANIFEST):
        await ActivityEnvironment().run(archive.activities.archive_until, TODAY + DAY)


async def test_making_the_archive_replays(archive: Archive) -> None:
    archive.today = TODAY + DAY
    async with archive.served():
        handle = await archive.desk.client.start_workflow(
            ArchiveDay.run,
            ArchiveWish(day=TODAY),
            id=f"archive-{uuid4()}",
            task_queue=TASK_QUEUE,
        )
        await handle.result()
    history: WorkflowHistory = await handle.fetch_history()
    replayer = Replayer(workflows=[ArchiveDay], data_converter=DATA_CONVERTER)
    await replayer.replay_workflow(history)


# ---- the schedule ----


@pytest.fixture
async def planner(dev_server: WorkflowEnvironment) -> Desk:
    """Of a namespace without a schedule."""
    return await a_desk(dev_server)


async def test_what_the_schedule_starts_archives_the_day_before(
    planner: Desk, tmp_path: Path
) -> None:
    archive = Archive(planner, tmp_path / "archive", today=TODAY + DAY)
    assert await plan_archive(planner.client, at=time(3))
    handle = planner.client.get_schedule_handle(SCHEDULE_ID)
    async with archive.served():
        await handle.trigger()

        async def is_made() -> bool:
            return any(archive.folder.glob(f"*/{MANIFEST}"))

        await until(is_made)
    [made] = archive.folder.iterdir()
    # It may be midnight meanwhile.
    assert made.name in (f"{TODAY - DAY}", f"{TODAY}")


async def test_planning_again_changes_the_time_and_nothing_else(planner: Desk) -> None:
    assert await plan_archive(planner.client, at=time(3))
    handle = planner.client.get_schedule_handle(SCHEDULE_ID)
    assert not await plan_archive(planner.client, at=time(4, 30))
    when = await next_archive(planner.client)
    assert when
    assert when.time() == time(4, 30)
    await handle.pause()
    assert not await plan_archive(planner.client, at=time(5))
    assert await next_archive(planner.client) is None
    ids = [one.id async for one in await planner.client.list_schedules()]
    assert ids in ([SCHEDULE_ID], [])  # the list lags behind


@pytest.mark.parametrize("at", ["00:05", "noon", "25:00"])
async def test_a_time_that_does_not_do_is_refused(planner: Desk, at: str) -> None:
    said = await planner.run("audit", "schedule", "--at", at)
    assert said.exit_code == 2
    assert "--at" in said.stderr


async def test_the_command_says_when_the_archive_is_made(planner: Desk) -> None:
    first = await planner.run("audit", "schedule")
    again = await planner.run("audit", "schedule", "--at", "04:15")
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "Planned" in first.output
    assert "03:00 UTC" in first.output
    assert "changed" in again.output
    assert "04:15 UTC" in again.output


# ---- the process ----


async def test_the_archiver_is_a_process_of_its_own(
    planner: Desk, tmp_path: Path
) -> None:
    private, _ = make_pair(tmp_path / "keys")
    probes = free_address()
    environment = {
        **bare_environment(tmp_path),
        "CASHIER_HEALTH_ADDRESS": probes,
        "TEMPORAL_ADDRESS": planner.client.service_client.config.target_host,
        "TEMPORAL_NAMESPACE": planner.client.namespace,
        "CASHIER_CLEAR_TEXT": "true",
        "CASHIER_AUDIT_KEY_FILE": str(private),
        "CASHIER_ARCHIVE_DIR": str(tmp_path / "archive"),
    }
    command = ["-m", "cashier", "audit", "archiver"]
    archiver = await create_subprocess_exec(
        sys.executable, *command, cwd=tmp_path, env=environment, stderr=PIPE
    )
    try:
        async with timeout(30):
            # Answered by the archiver only: nobody else serves this queue.
            done = await planner.client.execute_workflow(
                ArchiveDay.run,
                ArchiveWish(day=TODAY - DAY - DAY),
                id="archive",
                task_queue=TASK_QUEUE,
            )
            async with httpx.AsyncClient() as http:
                answer = await http.get(f"http://{probes}/health/ready")
            assert answer.status_code == 200
            archiver.send_signal(signal.SIGTERM)
            assert await archiver.wait() == 0
    finally:
        if archiver.returncode is None:
            archiver.kill()
            await archiver.wait()
    assert [day.histories for day in done.days] == [0]
    assert Bundle.open(tmp_path / "archive" / f"{TODAY - DAY - DAY}").manifest.key_id


async def test_without_the_key_no_archiver_starts(
    planner: Desk, tmp_path: Path
) -> None:
    options = ("--folder", str(tmp_path), "--key", str(tmp_path / "none.pem"))
    said = await planner.run("audit", "archiver", *options)
    assert said.exit_code == 2
    assert "none.pem" in said.stderr
