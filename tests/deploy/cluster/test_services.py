"""What each service of a cluster is told, and where it listens."""

from dataclasses import astuple

import pytest
import yaml

from cashier.system.temporal import DYNAMIC_CONFIG as OF_THE_EMBEDDED
from deploy.cluster.database import Database
from deploy.cluster.services import (
    DYNAMIC_CONFIG,
    HEALTH,
    SERVICES,
    SHARDS,
    USUAL_PORTS,
    ClusterPorts,
    service_environment,
)

DATABASE = Database(port=5433, password="0123abcd")


@pytest.mark.parametrize("service", SERVICES)
def test_a_process_is_one_service_and_has_metrics_of_its_own(service: str) -> None:
    told = service_environment(service, USUAL_PORTS, DATABASE)
    assert told["TEMPORAL_SERVICES"] == service
    metrics = USUAL_PORTS.of(service).metrics
    assert told["PROMETHEUS_ENDPOINT"] == f"127.0.0.1:{metrics}"


def test_all_services_have_the_same_settings_except_their_name() -> None:
    own = {"TEMPORAL_SERVICES", "PROMETHEUS_ENDPOINT"}
    told = [
        {
            name: value
            for name, value in service_environment(one, USUAL_PORTS, DATABASE).items()
            if name not in own
        }
        for one in SERVICES
    ]
    assert all(one == told[0] for one in told)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_listens_on_the_ports_that_the_cluster_knows(service: str) -> None:
    ports = ClusterPorts.free()
    told = service_environment(service, ports, DATABASE)
    own = ports.of(service)
    assert told[f"{service.upper()}_GRPC_PORT"] == str(own.grpc)
    assert told[f"{service.upper()}_MEMBERSHIP_PORT"] == str(own.membership)


def test_nothing_of_a_cluster_is_reached_from_other_machines() -> None:
    told = service_environment("frontend", USUAL_PORTS, DATABASE)
    assert told["BIND_ON_IP"] == told["TEMPORAL_BROADCAST_ADDRESS"] == "127.0.0.1"
    assert told["POSTGRES_SEEDS"] == "127.0.0.1"


def test_the_services_write_to_the_database_that_was_set_up() -> None:
    told = service_environment("history", USUAL_PORTS, DATABASE)
    assert told["DB"] == DATABASE.plugin
    assert told["DB_PORT"] == "5433"
    assert (told["POSTGRES_USER"], told["POSTGRES_PWD"]) == ("temporal", "0123abcd")
    assert {told["DBNAME"], told["VISIBILITY_DBNAME"]} == DATABASE.schemas.keys()


def test_histories_are_spread_over_several_shards() -> None:
    told = service_environment("history", USUAL_PORTS, DATABASE)
    assert told["NUM_HISTORY_SHARDS"] == str(SHARDS)
    assert SHARDS >= 4


@pytest.mark.parametrize("ports", [USUAL_PORTS, ClusterPorts.free()])
def test_no_two_processes_share_a_port(ports: ClusterPorts) -> None:
    services = [port for name in SERVICES for port in astuple(ports.of(name))]
    used = [ports.postgres, ports.http, *services]
    assert len(used) == len({*used})


def test_each_service_is_asked_for_its_own_health() -> None:
    assert HEALTH.keys() == {*SERVICES}
    assert len({*HEALTH.values()}) == len(SERVICES)


def test_a_failing_workflow_task_is_listed_as_early_as_on_the_embedded_server() -> None:
    name = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute"
    [constraint] = yaml.safe_load(DYNAMIC_CONFIG.read_text())[name]
    assert constraint == {"value": OF_THE_EMBEDDED[name]}


@pytest.mark.parametrize("service", ["frontend", "history", "matching"])
def test_a_service_that_ends_hands_over_first(service: str) -> None:
    settings = yaml.safe_load(DYNAMIC_CONFIG.read_text())
    [constraint] = settings[f"{service}.shutdownDrainDuration"]
    assert constraint["value"] != "0s"
