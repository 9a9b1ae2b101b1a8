"""What a storm kills, and what of a cluster it knows."""

from pathlib import Path

from cashier.system.guard import Lifeline
from cashier.system.part import Part, Surroundings
from chaos.cluster import WEIGHTS, Connections, victims_of
from chaos.killer import VICTIMS
from deploy.cluster.database import Database
from deploy.cluster.running import Cluster
from deploy.cluster.services import SERVICES, ClusterPorts


def a_cluster_that_is_down(folder: Path) -> Cluster:
    surroundings = Surroundings(folder, {}, Lifeline())
    parts = {
        name: Part(name, ["true"], surroundings, folder / f"{name}.log")
        for name in ("postgres", *SERVICES)
    }
    return Cluster(ClusterPorts.free(), Database(port=1, password="x"), parts)


def test_everything_of_a_cluster_that_carries_payments_is_killed(
    tmp_path: Path,
) -> None:
    victims = victims_of(a_cluster_that_is_down(tmp_path))
    assert victims.keys() == WEIGHTS.keys()
    assert {"frontend", "history", "matching", "postgres"} <= victims.keys()
    assert isinstance(victims["connections to postgres"], Connections)


def test_our_worker_is_not_mistaken_for_the_clusters_service_of_that_name() -> None:
    assert "worker" in VICTIMS
    assert "worker" not in WEIGHTS


def test_what_does_not_run_is_not_counted_as_killed(tmp_path: Path) -> None:
    victims = victims_of(a_cluster_that_is_down(tmp_path))
    assert not any(victim.kill() for victim in victims.values())
