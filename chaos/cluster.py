"""The further victims on a real cluster: its services and its database."""

from dataclasses import dataclass

from chaos.killer import Victim
from deploy.cluster.running import Cluster

# The relative frequency of kills, as in `killer.VICTIMS`. The cluster's own
# service `worker` has no part in payments.
WEIGHTS = {
    "history": 2,
    "matching": 2,
    "frontend": 2,
    "postgres": 1,
    "connections to postgres": 2,
}


@dataclass(frozen=True)
class Connections:
    """All connections of the cluster to its database, which are cut together."""

    cluster: Cluster

    def kill(self) -> bool:
        """Cut the connections; return whether there were any."""
        return self.cluster.cut_database_connections() > 0


def victims_of(cluster: Cluster) -> dict[str, Victim]:
    """Return the cluster's victims, by the names in `WEIGHTS`."""
    victims: dict[str, Victim] = {**cluster.parts}
    victims["connections to postgres"] = Connections(cluster)
    return {name: victims[name] for name in WEIGHTS}
