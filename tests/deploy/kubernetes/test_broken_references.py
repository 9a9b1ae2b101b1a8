"""What manifests say of each other, and who may call whom, must be so."""

import pytest

from tests.deploy.kubernetes.checks.references import faults_of_references
from tests.deploy.kubernetes.rendering import manifests_of
from tests.deploy.kubernetes.tampering import (
    API,
    EVERYTHING,
    MONITOR,
    SCALED,
    WORKER,
    Found,
    Tampering,
    policy,
    put,
    setting,
    without,
)

BROKEN: dict[str, tuple[Tampering, str]] = {
    "a manifest in another namespace": (
        put(API, "metadata", "namespace", value="default"),
        "Deployment cashier-api: is not in the namespace cashier",
    ),
    "a ConfigMap that is not there": (
        put(API.container, "envFrom", 0, "configMapRef", "name", value="settings"),
        "cashier-api: there is no ConfigMap settings",
    ),
    "a claim that is not there": (
        without(Found("PersistentVolumeClaim", "cashier-archive")),
        "there is no PersistentVolumeClaim cashier-archive",
    ),
    "a volume that nobody mounts": (
        put(API.container, "volumeMounts", 3, value=None),
        "cashier-api: tmp is no volume, or not mounted",
    ),
    "a Deployment that selects other pods": (
        put(
            API,
            *("spec", "selector", "matchLabels", "app.kubernetes.io/name"),
            value="cashier-worker",
        ),
        "Deployment cashier-api: selects other pods than its own",
    ),
    "a budget that protects nobody": (
        put(
            Found("PodDisruptionBudget", "cashier-worker"),
            *("spec", "selector", "matchLabels", "app.kubernetes.io/name"),
            value="worker",
        ),
        "PodDisruptionBudget cashier-worker: selects other pods",
    ),
    "a budget that lets nobody go": (
        put(
            Found("PodDisruptionBudget", "cashier-codec"),
            *("spec", "minAvailable"),
            value=1,
        ),
        "PodDisruptionBudget cashier-codec: may stop a drain for ever",
    ),
    "a budget that keeps a broken pod": (
        put(
            Found("PodDisruptionBudget", "cashier-codec"),
            *("spec", "unhealthyPodEvictionPolicy"),
            value=None,
        ),
        "PodDisruptionBudget cashier-codec: a broken pod stops a drain",
    ),
    "no budget": (
        without(Found("PodDisruptionBudget", "cashier-api")),
        "cashier-api: has no PodDisruptionBudget",
    ),
    "a Service that leads to other pods": (
        put(
            Found("Service", "cashier-api"),
            *("spec", "selector", "app.kubernetes.io/name"),
            value="cashier-codec",
        ),
        "Service cashier-api: selects other pods",
    ),
    "a Service to a port without a name": (
        put(
            Found("Service", "cashier-api"),
            *("spec", "ports", 0, "targetPort"),
            value="web",
        ),
        "Service cashier-api: no port is named web",
    ),
    "a Service that shows the metrics": (
        put(
            Found("Service", "cashier-api"),
            *("spec", "ports", 0, "targetPort"),
            value="metrics",
        ),
        "Service cashier-api: shows metrics to callers",
    ),
    "a PodMonitor of other pods": (
        put(
            MONITOR,
            "spec",
            "selector",
            "matchExpressions",
            0,
            "values",
            value=["cashier-api"],
        ),
        "PodMonitor cashier: selects other pods",
    ),
    "a PodMonitor of another port": (
        put(MONITOR, "spec", "podMetricsEndpoints", 0, "port", value="prometheus"),
        "PodMonitor cashier: cashier-worker has no port prometheus",
    ),
    "a PodMonitor of another path": (
        put(MONITOR, "spec", "podMetricsEndpoints", 0, "path", value="/"),
        "PodMonitor cashier: no metrics are at metrics /",
    ),
    "a job that no alert knows": (
        put(MONITOR, "spec", "jobLabel", value="app.kubernetes.io/part-of"),
        "PodMonitor cashier: the jobs are not named after the processes",
    ),
    "an autoscaler of nothing": (
        put(
            Found("HorizontalPodAutoscaler", "cashier-api"),
            *("spec", "scaleTargetRef", "name"),
            value="api",
        ),
        "HorizontalPodAutoscaler cashier-api: there is no Deployment api",
    ),
    "a number that fights its autoscaler": (
        put(WORKER, "spec", "replicas", value=3),
        "ScaledObject cashier-worker: each apply sets cashier-worker back",
    ),
    "no worker while nothing waits": (
        put(SCALED, "spec", "minReplicaCount", value=0),
        "ScaledObject cashier-worker: scales cashier-worker to none",
    ),
    "another task queue": (
        put(SCALED, "spec", "triggers", 0, "metadata", "taskQueue", value="payments"),
        "ScaledObject cashier-worker: nobody polls payments",
    ),
    "a variable that the worker has not": (
        put(
            SCALED,
            *("spec", "triggers", 0, "metadata", "endpointFromEnv"),
            value="TEMPORAL_HOST",
        ),
        "ScaledObject cashier-worker: endpointFromEnv is no variable of it",
    ),
    "pods that are spread by a key twice": (
        put(
            WORKER.pod,
            *("topologySpreadConstraints", 0, "labelSelector", "matchLabels"),
            value={"app.kubernetes.io/name": "cashier-worker"},
        ),
        "cashier-worker: a key is in labelSelector and matchLabelKeys",
    ),
    "no policy that denies": (
        without(policy("deny-all")),
        "no NetworkPolicy denies what none allows",
    ),
    "everybody may call": (
        put(policy("api-calls"), "spec", "ingress", 0, "from", value=None),
        "NetworkPolicy cashier-api-calls: lets everybody in",
    ),
    "nobody may call the API": (
        without(policy("api-calls")),
        "cashier-api: no NetworkPolicy lets callers to port http",
    ),
    "a policy for a port without a name": (
        put(
            policy("metrics"), "spec", "ingress", 0, "ports", 0, "port", value="metric"
        ),
        "NetworkPolicy cashier-metrics: cashier-api has no port metric",
    ),
    "a policy for nobody": (
        put(
            policy("codec-calls"),
            *("spec", "podSelector", "matchLabels", "app.kubernetes.io/name"),
            value="codec",
        ),
        "NetworkPolicy cashier-codec-calls: selects no pods",
    ),
    "Temporal on a port that is closed": (
        setting("temporal", "TEMPORAL_ADDRESS", "temporal.example:443"),
        "cashier-api: no NetworkPolicy lets it to Temporal's port 443",
    ),
}


@pytest.mark.parametrize(("tamper", "said"), BROKEN.values(), ids=BROKEN)
def test_what_a_manifest_says_of_another_must_be_so(
    tamper: Tampering, said: str
) -> None:
    manifests = manifests_of(*EVERYTHING)
    tamper(manifests)
    faults = faults_of_references(manifests)
    assert any(said in fault for fault in faults), faults
