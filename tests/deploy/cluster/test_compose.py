"""deploy/cluster/docker-compose.yml: the cluster of `make cluster` in containers."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import deploy.cluster
from cashier.system.temporal import KEPT
from deploy.cluster.database import Database, set_up_databases
from deploy.cluster.postgres import MOST_CONNECTIONS
from deploy.cluster.programs import Programs, embedded_release
from deploy.cluster.services import (
    DYNAMIC_CONFIG,
    SERVICES,
    USUAL_PORTS,
    service_environment,
)
from tests.deploy.compose import seconds

[FOLDER] = map(Path, deploy.cluster.__path__)
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "docker-compose.yml").read_text())
CONTAINERS: dict[str, Any] = COMPOSE["services"]
DATABASE = Database(port=5432, password="secret")
# What differs: addresses, which containers have of their own, and where files lie.
OF_ONE_MACHINE = {
    "BIND_ON_IP",
    "TEMPORAL_BROADCAST_ADDRESS",
    "POSTGRES_SEEDS",
    "POSTGRES_PWD",
    "PROMETHEUS_ENDPOINT",
    "DYNAMIC_CONFIG_FILE_PATH",
    "FRONTEND_HTTP_PORT",
    *(f"{name.upper()}_GRPC_PORT" for name in SERVICES),
    *(f"{name.upper()}_MEMBERSHIP_PORT" for name in SERVICES),
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_has_the_settings_of_the_local_process(service: str) -> None:
    local = service_environment(service, USUAL_PORTS, DATABASE)
    told = CONTAINERS[service]["environment"]
    assert told.keys() <= local.keys()
    compared = local.keys() - OF_ONE_MACHINE
    assert {name: told[name] for name in compared} == {
        name: local[name] for name in compared
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_listens_where_the_local_process_does(service: str) -> None:
    # Told no port, a service takes Temporal's own.
    published = CONTAINERS[service].get("ports", [])
    expected = [f"127.0.0.1:{USUAL_PORTS.frontend.grpc}:{USUAL_PORTS.frontend.grpc}"]
    assert published == (expected if service == "frontend" else [])


def test_the_images_are_of_the_release_that_is_embedded() -> None:
    images = [CONTAINERS[name]["image"] for name in (*SERVICES, "schema", "namespace")]
    assert {image.partition(":")[2] for image in images} == {embedded_release()}


def test_the_dynamic_configuration_is_that_of_make_cluster() -> None:
    for service in SERVICES:
        [mount] = CONTAINERS[service]["volumes"]
        source, target, mode = mount.split(":")
        assert (FOLDER / source).resolve() == DYNAMIC_CONFIG.resolve()
        told = CONTAINERS[service]["environment"]["DYNAMIC_CONFIG_FILE_PATH"]
        assert (target, mode) == (told, "ro")


def noting(folder: Path, name: str, *lines: str) -> Path:
    """Make a program that notes the database and the words it is given."""
    program, notes = folder / name, folder / f"{name}.notes"
    noted = f'echo "$SQL_DATABASE $*" >> {notes}'
    program.write_text("\n".join(["#!/bin/sh", noted, *lines]))
    program.chmod(0o755)
    return notes


def run_script(service: str, folder: Path) -> None:
    """Run the script of a container, with programs of a folder in place of its own."""
    # Compose writes `$` as `$$`.
    [script] = (one.replace("$$", "$") for one in CONTAINERS[service]["command"])
    command = [*CONTAINERS[service]["entrypoint"], script]
    subprocess.run(command, env={"PATH": f"{folder}:/usr/bin:/bin"}, check=True)


def test_the_container_sets_up_the_databases_as_make_cluster_does(
    tmp_path: Path,
) -> None:
    notes = noting(tmp_path, "temporal-sql-tool")
    tool = str(tmp_path / "temporal-sql-tool")
    set_up_databases(Programs("", "", "", "", sql_tool=tool), DATABASE)
    locally = notes.read_text()
    notes.unlink()
    run_script("schema", tmp_path)
    assert notes.read_text() == locally
    assert {line.split()[0] for line in locally.splitlines()} == {*DATABASE.schemas}
    told = CONTAINERS["schema"]["environment"]
    assert told["SQL_PLUGIN"] == DATABASE.plugin
    assert told["SQL_USER"] == DATABASE.user


def test_the_namespace_is_made_once_the_cluster_serves_and_where_it_is_missing(
    tmp_path: Path,
) -> None:
    # The second question for its health succeeds; the namespace is not there.
    there = tmp_path / "there"
    lines = (
        f"[ $2 = cluster ] && {{ [ -f {there} ] || {{ touch {there}; exit 1; }}; }}",
        "[ $3 = describe ] && exit 1",
        "exit 0",
    )
    notes = noting(tmp_path, "temporal", *lines)
    noting(tmp_path, "sleep")
    run_script("namespace", tmp_path)
    assert [line.split()[1:4] for line in notes.read_text().splitlines()] == [
        ["cluster", "health"],
        ["cluster", "health"],
        ["namespace", "describe", "--namespace"],
        ["namespace", "create", "--namespace"],
    ]


def test_postgresql_takes_as_many_connections_as_in_make_cluster() -> None:
    assert f"max_connections={MOST_CONNECTIONS}" in CONTAINERS["postgres"]["command"]


def test_closed_payments_are_kept_as_long_as_locally() -> None:
    [script] = CONTAINERS["namespace"]["command"]
    assert f"--retention {KEPT.days}d" in script


def test_the_password_is_given_from_outside_and_never_has_a_default() -> None:
    for name in ("postgres", "schema", *SERVICES):
        told = CONTAINERS[name]["environment"]
        given = [
            value for key, value in told.items() if "PASSWORD" in key or "PWD" in key
        ]
        assert given
        assert all(value.startswith("${POSTGRES_PASSWORD:?") for value in given)


def test_only_this_machine_reaches_what_is_published() -> None:
    published = [port for one in CONTAINERS.values() for port in one.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_runs_without_rights_of_root(name: str) -> None:
    assert CONTAINERS[name]["cap_drop"] == ["ALL"]
    assert CONTAINERS[name]["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in CONTAINERS[name]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_hand_over_before_it_is_killed(service: str) -> None:
    settings = yaml.safe_load(DYNAMIC_CONFIG.read_text())
    [drain] = settings.get(f"{service}.shutdownDrainDuration", [{"value": "0s"}])
    granted = seconds(CONTAINERS[service]["stop_grace_period"])
    assert granted > seconds(drain["value"]) + 2
