"""Reads the settings of each part as its process would, and names each wrong one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic_settings import BaseSettings

from cashier.doctor.findings import Finding, ok, wrong
from cashier.running import WrongSettingsError, checked_settings

SUBJECT = "settings"
WHERE = (
    "correct it in the environment, in `.env`, or in the file that it names; "
    "docs/settings.md"
)


class Part(StrEnum):
    """A process whose settings are looked at, by the name of its command."""

    WORKER = "worker"
    API = "api"
    ARCHIVER = "archiver"
    CODEC = "codec-server"
    SIMULATOR = "simulator"
    STOREFRONT = "storefront"


# What takes payments, and what keeps them for auditors.
USUAL = (Part.WORKER, Part.API, Part.ARCHIVER)


@dataclass
class PartSettings:
    """The settings of each part that is looked at; none where one of them is wrong."""

    read: dict[Part, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_parts(parts: Sequence[Part]) -> PartSettings:
    """Read the settings of the parts, one after the other."""
    settings = PartSettings()
    for part in parts:
        try:
            settings.read[part] = checked_settings(CLASSES[part]())
        except WrongSettingsError as error:
            settings.findings += [_wrong(part, line) for line in error.lines]
        else:
            settings.findings.append(ok(SUBJECT, part, "each is as it must be"))
    return settings


def unread(patience: float) -> Finding:
    """Return the line that settings, or the files they name, cannot be read in time."""
    return wrong(
        SUBJECT,
        "patience",
        f"settings, and the files that they name, were not read within {patience:g} s",
        "look whether the disk, or the network's disk, on which they are is away",
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


# Loaded only where the part is looked at, as the parts' own commands do.
CLASSES: Mapping[Part, Callable[[], type[BaseSettings]]] = {
    Part.WORKER: _worker,
    Part.API: _api,
    Part.ARCHIVER: _archiver,
    Part.CODEC: _codec,
    Part.SIMULATOR: _simulator,
    Part.STOREFRONT: _storefront,
}
