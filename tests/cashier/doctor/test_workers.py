"""Workers: none, and one of another release, are named."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.callbacks import CallbackActivities
from activities.shop.earlier_events import EarlierEvents
from cashier.doctor.checks.findings import Finding, State
from cashier.doctor.checks.running import Check, run_checks
from cashier.doctor.checks.workers import check_workers, compare_versions
from cashier.system.home import Home
from cashier.temporal_calls import QUICK
from contracts import RELEASE, TASK_QUEUE
from temporal_client import DATA_CONVERTER
from tests.cashier.doctor.checking import assert_wrong, worker_settings
from tests.cashier.operating import a_client, until
from tests.fakes import AnythingPaid, FakeAlipay
from tests.workflows.versions.deploying import make_current
from version import VERSION, identity_of_worker
from visibility.workers import Polled, Poller, builds_polling
from worker import build_worker
from workflows.kinds import WORKFLOWS

WORKFLOW_QUEUE, ACTIVITY_QUEUE = 1, 2


@pytest.fixture
async def client(
    dev_server: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> Client:
    client = await a_client(dev_server, converter=DATA_CONVERTER)
    where = client.service_client.config.target_host
    monkeypatch.setenv("TEMPORAL_ADDRESS", where)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", client.namespace)
    return client


async def lines() -> dict[str, Finding]:
    found = await run_checks([Check("workers", check_workers, 20)])
    return {one.name: one for one in found}


@asynccontextmanager
async def polling(worker: Worker, client: Client) -> AsyncIterator[None]:
    """Run a worker; begin once Temporal has seen it poll for both."""

    async def is_seen() -> bool:
        kinds = (WORKFLOW_QUEUE, ACTIVITY_QUEUE)
        return all(
            [
                await builds_polling(client, TASK_QUEUE, kind, within=QUICK)  # type: ignore[arg-type]
                for kind in kinds
            ]
        )

    async with worker:
        await until(is_seen)
        yield


@asynccontextmanager
async def the_worker(
    client: Client, home: Home, version: WorkerDeploymentVersion | None = None
) -> AsyncIterator[Worker]:
    """Build the worker as it runs in production, with a version where one is given."""
    async with httpx.AsyncClient() as http:
        settings = worker_settings(home)
        callbacks = CallbackActivities(
            http,
            url=None,
            secrets=list,
            earlier=EarlierEvents(client),
            paid=AnythingPaid(),
        )
        worker = build_worker(
            client,
            settings.alipay_client(http),
            callbacks,
            notify_url="https://a.b",
            sandbox=True,
            version=version,
        )
        async with polling(worker, client):
            yield worker


async def test_the_worker_as_it_runs_tells_its_version(
    client: Client, home: Home
) -> None:
    async with the_worker(client, home):
        found = await lines()
    assert {one.state for one in found.values()} == {State.OK}
    assert VERSION in found["versions"].why


async def test_no_worker_is_named(client: Client) -> None:
    found = await lines()
    for name in ("workflows", "activities"):
        assert_wrong(found[name], "no worker polls", "cashier worker", "runbook")
    assert found["versions"].state is State.OK


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (f"0.{RELEASE - 1}.7", f"not of release {RELEASE}"),
        (f"0.{RELEASE + 1}.0", f"not of release {RELEASE}"),
        ("4f1c9d", "not of a known version"),
    ],
)
async def test_a_worker_of_another_version_is_named(
    client: Client, build: str, words: str
) -> None:
    worker = Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=WORKFLOWS,
        activities=FakeAlipay().activities,
        build_id=build,
    )
    async with polling(worker, client):
        found = (await lines())["versions"]
    assert_wrong(found, build, words, "docs/upgrading.md")


CURRENT = WorkerDeploymentVersion("cashier", "new-6f8d")
OLD = WorkerDeploymentVersion("cashier", "old-11aa")


async def test_a_worker_with_a_version_is_given_nothing_until_it_is_current(
    client: Client, home: Home
) -> None:
    async with the_worker(client, home, CURRENT):
        before = (await lines())["versions"]
        await make_current(client, CURRENT)
        after = (await lines())["versions"]
    assert_wrong(before, "no version is current", "set-current-version", "upgrading")
    # Its build id says nothing of our version; the worker itself does.
    assert after.state is State.OK
    assert VERSION in after.why


def test_a_current_version_without_workers_is_named() -> None:
    beside = Poller("7@host", VERSION)
    found = compare_versions(Polled((beside,), current=CURRENT))
    assert_wrong(found, "new-6f8d", "none of its workers polls", "upgrading.md")


def test_an_old_version_beside_the_current_one_is_no_fault() -> None:
    named = identity_of_worker("7@host")
    pollers = (
        Poller(named, CURRENT.build_id, CURRENT),
        Poller("8@host/0.1.0", OLD.build_id, OLD),
    )
    found = compare_versions(Polled(pollers, current=CURRENT))
    assert found.state is State.OK
    assert "old-11aa" in found.why


def test_a_current_version_of_another_release_is_named() -> None:
    pollers = (
        Poller("7@host/0.1.0", CURRENT.build_id, CURRENT),
        Poller(identity_of_worker("8@host"), OLD.build_id, OLD),
    )
    found = compare_versions(Polled(pollers, current=CURRENT))
    assert_wrong(found, "0.1.0", f"not of release {RELEASE}", "upgrading.md")
