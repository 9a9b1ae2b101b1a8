"""Describes the machine, so that figures can be compared."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import psutil

from cashier.system.temporal import temporal_program


def describe_run() -> dict[str, Any]:
    """Return machine, versions, command and date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python -m bench", *sys.argv[1:]]),
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        },
        "versions": {
            "python": platform.python_version(),
            "temporal": _temporal(),
            **{name: version(name) for name in ("temporalio", "pydantic", "httpx")},
        },
    }


class Others:
    """Measures the load of other programs, because figures of a busy machine differ."""

    def __init__(self) -> None:
        self._began = monotonic()
        self._before = self._used_by_others()

    def percent(self) -> float:
        """Return their share of all cores so far; our processes must have ended."""
        available = (monotonic() - self._began) * (os.cpu_count() or 1)
        return (self._used_by_others() - self._before) / available * 100

    def _used_by_others(self) -> float:
        machine = psutil.cpu_times()
        ours = psutil.Process().cpu_times()
        of_all = sum(machine) - machine.idle - getattr(machine, "iowait", 0.0)
        children = ours.children_user + ours.children_system
        return of_all - ours.user - ours.system - children


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _temporal() -> str:
    program = temporal_program()
    if program is None:
        return "downloaded by the SDK"
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
