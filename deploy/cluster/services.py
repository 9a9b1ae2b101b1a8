"""The four services of a Temporal cluster: their ports and their environment.

The server fills its embedded configuration template from its environment, so no
configuration file is needed. `docker-compose.yml` in this folder sets the same values.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from cashier.system.ports import HOST, free_port, is_listening
from deploy.cluster.database import Database

SERVICES = ("frontend", "history", "matching", "worker")
# The number of history shards: fixed for the life of a database.
SHARDS = 4
DYNAMIC_CONFIG = Path(__file__).with_name("dynamic_config.yaml")
# The service names in the gRPC health checks.
HEALTH = {
    "frontend": "temporal.api.workflowservice.v1.WorkflowService",
    "history": "temporal.api.workflowservice.v1.HistoryService",
    "matching": "temporal.api.workflowservice.v1.MatchingService",
    "worker": "temporal.api.workflowservice.v1.WorkerService",
}


@dataclass(frozen=True)
class ServicePorts:
    """The ports of one service.

    Attributes:
        grpc: For calls; the frontend's port is the address of the cluster.
        membership: For the other services, to watch each other.
        metrics: For Prometheus.
    """

    grpc: int
    membership: int
    metrics: int


@dataclass(frozen=True)
class ClusterPorts:
    """The ports of a cluster's processes, all on 127.0.0.1."""

    postgres: int
    http: int
    frontend: ServicePorts
    history: ServicePorts
    matching: ServicePorts
    worker: ServicePorts

    @classmethod
    def free(cls) -> "ClusterPorts":
        """Return ports that are free, and reserved while this process lives."""
        own = {name: _free_ports() for name in SERVICES}
        return cls(postgres=free_port(), http=free_port(), **own)

    def taken(self) -> list[int]:
        """Return the ports on which another program listens already."""
        services = (port for name in SERVICES for port in astuple(self.of(name)))
        return [
            port for port in (self.postgres, self.http, *services) if is_listening(port)
        ]

    def of(self, service: str) -> ServicePorts:
        """Return the ports of a service."""
        found: ServicePorts = getattr(self, service)
        return found

    @property
    def address(self) -> str:
        """The address for clients: `127.0.0.1:7233`."""
        return f"{HOST}:{self.frontend.grpc}"


# Temporal's default ports, and others for metrics and for PostgreSQL, whose default
# Debian's database uses. They are fixed, because a starting service looks for the
# members of the last 20 seconds, which must have the same ports after a restart.
USUAL_PORTS = ClusterPorts(
    postgres=5433,
    http=7243,
    frontend=ServicePorts(grpc=7233, membership=6933, metrics=6833),
    history=ServicePorts(grpc=7234, membership=6934, metrics=6834),
    matching=ServicePorts(grpc=7235, membership=6935, metrics=6835),
    worker=ServicePorts(grpc=7239, membership=6939, metrics=6839),
)


def _free_ports() -> ServicePorts:
    return ServicePorts(*(free_port() for _ in fields(ServicePorts)))


def service_environment(
    service: str, ports: ClusterPorts, database: Database
) -> Mapping[str, str]:
    """Return the server's environment for one service of the cluster.

    Args:
        service: One of `SERVICES`.
        ports: The ports of all services: they find each other in the database, but
            their configuration lists all of them.
        database: The cluster's databases.
    """
    listening = {
        f"{name.upper()}_{kind}_PORT": str(port)
        for name in SERVICES
        for kind, port in (
            ("GRPC", ports.of(name).grpc),
            ("MEMBERSHIP", ports.of(name).membership),
        )
    }
    return {
        **listening,
        "TEMPORAL_SERVICES": service,
        "FRONTEND_HTTP_PORT": str(ports.http),
        "BIND_ON_IP": HOST,
        "TEMPORAL_BROADCAST_ADDRESS": HOST,
        "PROMETHEUS_ENDPOINT": f"{HOST}:{ports.of(service).metrics}",
        "NUM_HISTORY_SHARDS": str(SHARDS),
        "DYNAMIC_CONFIG_FILE_PATH": str(DYNAMIC_CONFIG),
        "LOG_LEVEL": "warn",
        "DB": database.plugin,
        "POSTGRES_SEEDS": HOST,
        "DB_PORT": str(database.port),
        "POSTGRES_USER": database.user,
        "POSTGRES_PWD": database.password,
        "DBNAME": database.histories,
        "VISIBILITY_DBNAME": database.visibility,
    }
