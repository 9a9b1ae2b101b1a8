"""The workers that serve payments: whether any asks for work, and of which version."""

from collections.abc import Mapping, Sequence

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client

from cashier.doctor.checks import Findings
from cashier.doctor.findings import Finding, ok, wrong
from cashier.temporal_calls import QUICK, printable, reached_temporal
from contracts import RELEASE, TASK_QUEUE
from version import VERSION, release_of
from visibility.workers import builds_polling

SUBJECT = "workers"
KINDS = {
    "workflows": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activities": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


async def check_workers() -> Findings:
    """Ask Temporal who polls the queue of payments."""
    async with reached_temporal(keyring=None) as client:
        for name, kind in KINDS.items():
            yield await _polled(client, name, kind)
        yield _versions(
            await builds_polling(client, TASK_QUEUE, KINDS["workflows"], within=QUICK)
        )


async def _polled(client: Client, name: str, kind: TaskQueueType.ValueType) -> Finding:
    found = await builds_polling(client, TASK_QUEUE, kind, within=QUICK)
    if not found:
        return wrong(
            SUBJECT,
            name,
            f"no worker polls the task queue {TASK_QUEUE!r} for {name}: no payment "
            "goes on",
            "start `cashier worker`, for this TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE; "
            "docs/runbook.md#no-worker",
        )
    return ok(SUBJECT, name, f"{len(found)} polling: {_few(sorted(found))}")


def _versions(builds: Mapping[str, str]) -> Finding:
    """Compare the versions that workers tell as their build with ours."""
    if not builds:
        return ok(SUBJECT, "versions", "none to compare")
    other = {
        build for build in builds.values() if release_of(build) not in (RELEASE, None)
    }
    unknown = {build for build in builds.values() if release_of(build) is None}
    if other or unknown:
        shown = _few(sorted(other | unknown))
        what = f"of release {RELEASE}" if other else "of a known version"
        return wrong(
            SUBJECT,
            "versions",
            f"a worker is not {what}, as this program, {VERSION}, is: {shown}",
            "renew all workers before the API (docs/upgrading.md)",
        )
    return ok(
        SUBJECT, "versions", f"all of release {RELEASE}: {_few({*builds.values()})}"
    )


def _few(names: Sequence[str] | set[str]) -> str:
    listed = [printable(name, longest=60) for name in sorted(names)]
    more = f" and {len(listed) - 5} more" if len(listed) > 5 else ""
    return ", ".join(listed[:5]) + more
