"""Whether ports, paths, probes, commands and times are those that the code has."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typer.main import get_command

from cashier.commands import app
from tests.deploy.kubernetes.checks.given import (
    environment_of,
    taken_by,
    with_files_here,
)
from tests.deploy.kubernetes.processes import PROCESSES, Process, Served, answers
from tests.deploy.kubernetes.rendering import Manifest, Workload, workloads

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
# Beyond the code's own grace: to end connections and to write the last lines.
TO_END_SECONDS = 5


async def faults_of_serving(
    manifests: Sequence[Manifest], files: Mapping[str, Path]
) -> list[str]:
    faults: list[str] = []
    for workload in workloads(manifests):
        process = PROCESSES[workload.name]
        given = with_files_here(environment_of(workload, manifests), files)
        served = await process.served(taken_by(process, given))
        faults += [
            f"{workload.name}: {fault}"
            for fault in (
                *_faults_of_ports(workload, served, given),
                *await _faults_of_probes(workload, served),
                *_faults_of_command(workload, process),
                *_faults_of_times(workload, process),
            )
        ]
    return faults


def ports_of(workload: Workload) -> dict[str, int]:
    """Return the container's ports by their names."""
    return {one["name"]: one["containerPort"] for one in workload.container["ports"]}


def _faults_of_ports(
    workload: Workload, served: Served, given: Mapping[str, str]
) -> list[str]:
    ports = set(ports_of(workload).values())
    faults = [f"nothing listens on port {port}" for port in sorted(ports - {*served})]
    faults += [f"port {port} is not named" for port in sorted({*served} - ports)]
    local = ("127.", "localhost", "[::1]")
    return faults + [
        f"{name} listens on the pod's own address only"
        for name, value in given.items()
        if name.endswith(("_ADDRESS", "_HOST")) and value.startswith(local)
    ]


async def _faults_of_probes(workload: Workload, served: Served) -> list[str]:
    faults = []
    for name in PROBES:
        asked: dict[str, Any] = workload.container.get(name, {}).get("httpGet", {})
        if not asked:
            faults.append(f"has no {name}")
            continue
        port = ports_of(workload).get(asked["port"])
        if port is None:
            faults.append(f"{name}: no port is named {asked['port']}")
        elif port in served and not await answers(served[port], asked["path"]):
            faults.append(f"{name}: {asked['path']} is not served on {asked['port']}")
    lives = workload.container.get("livenessProbe", {}).get("httpGet", {})
    if lives and lives["path"] != "/health/live":
        faults.append("livenessProbe: an outage of Temporal would restart it")
    return faults


def _faults_of_command(workload: Workload, process: Process) -> list[str]:
    args = tuple(workload.container.get("args", ()))
    found: Any = get_command(app)
    for word in args:
        found = getattr(found, "commands", {}).get(word)
    if found is None:
        return [f"there is no command: cashier {' '.join(args)}"]
    return [] if args == process.command else [f"runs: cashier {' '.join(args)}"]


def _faults_of_times(workload: Workload, process: Process) -> list[str]:
    hook = workload.container.get("lifecycle", {}).get("preStop", {})
    command = hook.get("exec", {}).get("command", ["sleep", "0"])
    needed = int(command[1]) + process.grace.total_seconds() + TO_END_SECONDS
    granted = workload.pod.get("terminationGracePeriodSeconds", 30)
    if granted < needed:
        return [f"is killed after {granted} s, and needs {needed:.0f} s to end"]
    return []
