"""docker-compose.yml as the tests read it: what a service is told, given and mounts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
# Those of our image.
OURS = [name for name, service in SERVICES.items() if "build" in service]


def environment_of(service: str) -> dict[str, str]:
    found: dict[str, str] = SERVICES[service].get("environment", {})
    return found


def mounts_of(service: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the source, the path in the container, and whether it can be written."""
    for name in SERVICES[service].get("secrets", []):
        yield COMPOSE["secrets"][name]["file"], f"/run/secrets/{name}", False
    for volume in SERVICES[service].get("volumes", []):
        source, path, *mode = volume.split(":")
        yield source, path, mode != ["ro"]


def paths_of(service: str) -> dict[str, Path]:
    """Return the paths in the container that a service is told, by their settings."""
    given = environment_of(service).items()
    return {name: Path(value) for name, value in given if value.startswith("/")}


def on_the_host(service: str, path: Path, folder: Path) -> Path:
    """Return where a path of a container lies when Compose runs in a folder."""
    for source, target, _ in mounts_of(service):
        if path.is_relative_to(target):
            return folder / source / path.relative_to(target)
    raise AssertionError(f"{service}: nothing is mounted at {path}")


def published(service: str) -> list[tuple[str, int, int]]:
    """Return the address, the port of the machine and that of the container."""
    ports = (port.rsplit(":", 2) for port in SERVICES[service].get("ports", []))
    return [(address, int(ours), int(theirs)) for address, ours, theirs in ports]


def seconds(duration: str) -> int:
    found = re.fullmatch(r"(\d+)s", duration)
    assert found, duration
    return int(found[1])
