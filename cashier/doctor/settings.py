"""Reads the settings of each process as the process would, and names each wrong one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic_settings import BaseSettings

from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.running import WrongSettingsError, checked_settings

SUBJECT = "settings"
WHERE = (
    "correct it in the environment, in `.env`, or in the file it names; "
    "docs/settings.md"
)


class Part(StrEnum):
    """A process whose settings are checked, by the name of its command."""

    WORKER = "worker"
    API = "api"
    ARCHIVER = "archiver"
    CODEC = "codec-server"
    SIMULATOR = "simulator"
    STOREFRONT = "storefront"


# The processes that take payments, and the one that archives them.
USUAL = (Part.WORKER, Part.API, Part.ARCHIVER)


@dataclass
class PartSettings:
    """The settings of each checked process; None where one of them is wrong."""

    read: dict[Part, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_parts(parts: Sequence[Part]) -> PartSettings:
    """Read the settings of the processes, one after the other."""
    settings = PartSettings()
    for part in parts:
        try:
            settings.read[part] = checked_settings(CLASSES[part]())
        except WrongSettingsError as error:
            settings.findings += [_wrong(part, line) for line in error.lines]
        else:
            settings.findings.append(ok(SUBJECT, part, "all are valid"))
    return settings


def unread(patience: float) -> Finding:
    """Return the finding that settings, or their files, were not read in time."""
    return wrong(
        SUBJECT,
        "patience",
        f"settings, and the files they name, were not read within {patience:g} s",
        "check the disk, or the network disk, that they are on",
    )


def _wrong(part: Part, line: str) -> Finding:
    return wrong(SUBJECT, part, line, WHERE, exit_code=2)


def _worker() -> type[BaseSettings]:
    from settings.worker import WorkerSettings

    return WorkerSettings


def _api() -> type[BaseSettings]:
    from api.settings import ApiSettings

    return ApiSettings


def _archiver() -> type[BaseSettings]:
    from cashier.doctor.archive_settings import ArchiveSettings

    return ArchiveSettings


def _codec() -> type[BaseSettings]:
    from codec.server.settings import CodecSettings

    return CodecSettings


def _simulator() -> type[BaseSettings]:
    from simulator.settings import SimulatorSettings

    return SimulatorSettings


def _storefront() -> type[BaseSettings]:
    from storefront.settings import StorefrontSettings

    return StorefrontSettings


# Loaded only where the process is checked, as its own command does.
CLASSES: Mapping[Part, Callable[[], type[BaseSettings]]] = {
    Part.WORKER: _worker,
    Part.API: _api,
    Part.ARCHIVER: _archiver,
    Part.CODEC: _codec,
    Part.SIMULATOR: _simulator,
    Part.STOREFRONT: _storefront,
}
