"""Workers and APIs of several commits in one running system."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from temporalio.common import WorkerDeploymentVersion

from cashier.system.environment import bare_environment
from cashier.system.guard import Lifeline
from cashier.system.part import Part, Surroundings
from cashier.system.processes import System

# The names of the killer's victims (`chaos/killer.py`).
API, WORKERS = "api", ("worker", "worker-2")


@dataclass(frozen=True)
class Build:
    """The code of a commit, and the version of its workers.

    Attributes:
        name: The name in the report.
        code: Its checkout.
        version: The worker deployment version; None for workers without one.
    """

    name: str
    code: Path
    version: WorkerDeploymentVersion | None = None

    @property
    def settings(self) -> Mapping[str, str]:
        if self.version is None:
            return {}
        return {
            "TEMPORAL_DEPLOYMENT_NAME": self.version.deployment_name,
            "TEMPORAL_WORKER_BUILD_ID": self.version.build_id,
        }


@dataclass
class Processes:
    """The processes that replace the system's own workers and API."""

    system: System
    lifeline: Lifeline
    settings: Mapping[str, str]
    workers: dict[str, Part] = field(default_factory=dict)
    _places: dict[str, str] = field(default_factory=dict)

    async def end_the_systems_own(self) -> None:
        """End the system's workers, which run this checkout and have no version."""
        for place in WORKERS:
            await self.system.parts[place].stop()

    def start_worker(self, build: Build) -> None:
        """Start another worker, of a build; the killer may kill it, too."""
        free = next(one for one in WORKERS if one not in self._places.values())
        part = self._part("worker", build)
        self._places[build.name] = free
        self.system.parts[free] = self.workers[build.name] = part
        part.start()

    async def stop_worker(self, build: Build) -> None:
        """Shut a build's worker down."""
        await self.workers.pop(build.name).stop()
        del self._places[build.name]

    async def exchange_api(self, build: Build) -> None:
        """Replace the running API by the API of a build."""
        await self.system.parts[API].stop()
        self.system.parts[API] = part = self._part("api", build)
        part.start()

    async def stop(self) -> None:
        """End the workers and the API that replace the system's own."""
        for part in (*self.workers.values(), self.system.parts[API]):
            await part.stop()

    def _part(self, kind: str, build: Build) -> Part:
        home = self.system.home
        environment = {
            **bare_environment(home.empty_folder, build.code),
            **home.environment(self.system.ports),
            **self.settings,
            **(build.settings if kind == "worker" else {}),
        }
        return Part(
            f"{kind} of {build.name}",
            [sys.executable, "-m", "cashier", kind],
            Surroundings(home.empty_folder, environment, self.lifeline),
            home.logs / f"{kind}-{build.name}.log",
        )
