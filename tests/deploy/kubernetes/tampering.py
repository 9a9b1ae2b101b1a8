"""Breaks one place of rendered manifests, as a slip of the hand would."""

from collections.abc import Callable
from typing import Any

from tests.deploy.kubernetes.rendering import Manifest, name_of

# All components that go together, and those that go without them.
EVERYTHING = (
    "production",
    "temporal-credentials",
    "keda",
    "keda-credentials",
    "prometheus-operator",
)
VERSIONED = ("production", "worker-deployment")
Tampering = Callable[[list[Manifest]], object]


class Found:
    """Finds one manifest, and what in it is to be broken."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name

    def __call__(self, manifests: list[Manifest]) -> Any:
        return next(
            one
            for one in manifests
            if one["kind"] == self.kind and name_of(one).startswith(self.name)
        )

    def pod(self, manifests: list[Manifest]) -> Any:
        return self(manifests)["spec"]["template"]["spec"]

    def container(self, manifests: list[Manifest]) -> Any:
        return self.pod(manifests)["containers"][0]


WORKER, API, CODEC = (
    Found("Deployment", f"cashier-{name}") for name in ("worker", "api", "codec")
)
ARCHIVER = Found("Deployment", "cashier-archiver")
SCALED = Found("ScaledObject", "cashier-worker")
MONITOR = Found("PodMonitor", "cashier")
VERSIONS = Found("WorkerDeployment", "cashier-worker")


def put(find: Callable[[list[Manifest]], Any], *path: Any, value: Any) -> Tampering:
    """Break one place; a value None takes it away."""

    def tamper(manifests: list[Manifest]) -> None:
        place = find(manifests)
        for step in path[:-1]:
            place = place[step]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return tamper


def without(find: Found) -> Tampering:
    return lambda manifests: manifests.remove(find(manifests))


def variable(find: Found, name: str, value: str) -> Tampering:
    """Give a process one more variable, or another value of one."""

    def tamper(manifests: list[Manifest]) -> None:
        given = find.container(manifests)["env"]
        given[:] = [one for one in given if one["name"] != name]
        given.append({"name": name, "value": value})

    return tamper


def setting(of: str, name: str, value: str | None) -> Tampering:
    return put(Found("ConfigMap", f"cashier-{of}-settings"), "data", name, value=value)


def policy(name: str) -> Found:
    return Found("NetworkPolicy", f"cashier-{name}")
