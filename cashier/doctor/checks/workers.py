"""Checks the workers of payments: whether any polls, and their versions."""

from collections.abc import Sequence

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.client import Client

from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.doctor.checks.running import Findings
from cashier.temporal_calls import QUICK, printable, reached_temporal
from contracts import RELEASE, TASK_QUEUE
from version import VERSION, release_of, version_of_worker
from visibility.workers import Polled, builds_polling, look_at_queue

SUBJECT = "workers"
KINDS = {
    "workflows": TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    "activities": TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
}


async def check_workers() -> Findings:
    """Ask Temporal for the pollers of the payments' task queue."""
    async with reached_temporal(keyring=None) as client:
        for name, kind in KINDS.items():
            yield await _polled(client, name, kind)
        yield compare_versions(await look_at_queue(client, TASK_QUEUE, within=QUICK))


async def _polled(client: Client, name: str, kind: TaskQueueType.ValueType) -> Finding:
    found = await builds_polling(client, TASK_QUEUE, kind, within=QUICK)
    if not found:
        return wrong(
            SUBJECT,
            name,
            f"no worker polls the task queue {TASK_QUEUE!r} for {name}: no payment "
            "progresses",
            "start `cashier worker`, for this TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE; "
            "docs/runbook.md#no-worker",
        )
    return ok(SUBJECT, name, f"{len(found)} polling: {_few(sorted(found))}")


def compare_versions(queue: Polled) -> Finding:
    """Compare our version with those of the workers that get payments."""
    if not queue.pollers:
        return ok(SUBJECT, "versions", "none to compare")
    served = queue.serving
    if not served:
        return _nobody_is_given_payments(queue)
    told = {version_of_worker(one.identity, one.build_id) for one in served}
    other = {one for one in told if release_of(one) not in (RELEASE, None)}
    unknown = {one for one in told if release_of(one) is None}
    if other or unknown:
        shown = _few(sorted(other | unknown))
        what = f"of release {RELEASE}" if other else "of a known version"
        return wrong(
            SUBJECT,
            "versions",
            f"workers are not {what}, as this program, {VERSION}, is: {shown}",
            "upgrade all workers before the API (docs/upgrading.md)",
        )
    others = {one.build_id for one in queue.pollers} - {one.build_id for one in served}
    beside = f"; beside them, not current: {_few(others)}" if others else ""
    return ok(SUBJECT, "versions", f"all of release {RELEASE}: {_few(told)}{beside}")


def _nobody_is_given_payments(queue: Polled) -> Finding:
    """Return the finding that the version of new payments has no worker."""
    set_current = "temporal worker deployment set-current-version"
    if queue.current:
        current = queue.current
        return wrong(
            SUBJECT,
            "versions",
            f"version {printable(current.build_id, longest=60)} of the worker "
            f"deployment {printable(current.deployment_name, longest=60)} is current, "
            "and none of its workers polls: no new payment starts",
            f"start its workers, or make another version current: {set_current}; "
            "docs/upgrading.md",
        )
    return wrong(
        SUBJECT,
        "versions",
        "all workers have a version, and no version is current: they get no payments",
        f"{set_current}; docs/upgrading.md",
    )


def _few(names: Sequence[str] | set[str]) -> str:
    listed = [printable(name, longest=60) for name in sorted(names)]
    more = f" and {len(listed) - 5} more" if len(listed) > 5 else ""
    return ", ".join(listed[:5]) + more
