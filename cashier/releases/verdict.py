"""Whether the workers of a version may be shut down, and why not. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from temporalio.common import WorkerDeploymentVersion


class Drainage(StrEnum):
    """The drainage status of a version, as Temporal last reported it."""

    NEVER_CURRENT = "never current"
    DRAINING = "draining"
    DRAINED = "drained"


@dataclass(frozen=True)
class Release:
    """A version of the workers, or all workers without a version.

    Attributes:
        version: None for workers without a version.
        drainage: As Temporal reports it; meaningless for the current version.
        workers: How many processes poll.
        programs: The program versions of these, such as `0.4.0`.
        is_current: Whether new runs start on it.
        ramp_percentage: How many of a hundred new runs start on it beside the current
            version; None where it is not ramping.
        pinned: The open workflows that need its workers to continue.
        for_a_person: How many of these wait for a person.
        upgrading: The open workflows that continue on another version with their next
            task.
    """

    version: WorkerDeploymentVersion | None
    drainage: Drainage
    workers: int = 0
    programs: tuple[str, ...] = ()
    is_current: bool = False
    ramp_percentage: float | None = None
    pinned: int = 0
    for_a_person: int = 0
    upgrading: int = 0

    @property
    def name(self) -> str:
        return self.version.build_id if self.version else "without a version"

    @property
    def stands(self) -> str:
        """Its state: current, ramping, draining, drained, never current."""
        if self.is_current:
            return "current"
        if self.ramp_percentage is not None:
            return f"ramping, {self.ramp_percentage:g} %"
        return str(self.drainage) if self.version else "not current"

    @property
    def keeps_it(self) -> str:
        """Why its workers must stay; empty where they may be shut down."""
        if self.is_current:
            return "new payments start on it"
        if self.ramp_percentage is not None:
            return "some of the new payments start on it"
        if self.pinned > self.for_a_person:
            return f"{self.pinned} open are pinned to it; most end within 20 minutes"
        if self.pinned:
            return (
                f"{self.pinned} pinned to it wait for a person; resolve them, or: "
                f"cashier releases move {self.name}"
            )
        if self.drainage is Drainage.DRAINING:
            return (
                "Temporal has not reported it drained yet; it checks every few minutes"
            )
        return ""

    @property
    def fault(self) -> str:
        """What is wrong: open workflows need its workers, and none polls."""
        if self.workers:
            return ""
        if self.is_current:
            return "it is current and no worker polls: no new payment starts"
        if self.ramp_percentage:
            return "it is ramping and no worker polls: some new payments do not start"
        if self.pinned:
            return f"{self.pinned} are pinned to it and no worker polls: they wait"
        return ""
