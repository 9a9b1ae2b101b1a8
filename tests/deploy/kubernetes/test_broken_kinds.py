"""Kinds and fields that do not exist are refused, and named."""

import pytest

from tests.deploy.kubernetes.checks.kinds import faults_of_kinds
from tests.deploy.kubernetes.rendering import manifests_of
from tests.deploy.kubernetes.tampering import (
    API,
    EVERYTHING,
    MONITOR,
    SCALED,
    WORKER,
    Found,
    Tampering,
    put,
)

BROKEN: dict[str, tuple[Tampering, str]] = {
    "a misspelt kind": (put(WORKER, "kind", value="Deploymnet"), "no kind of apps/v1"),
    "a kind in small letters": (put(API, "kind", value="deployment"), "no kind of"),
    "a kind of an old version": (
        put(API, "apiVersion", value="apps/v1beta1"),
        "no kind of apps/v1beta1",
    ),
    "a misspelt field of a pod": (
        put(WORKER.pod, "terminationGracePeriodSecond", value=60),
        "'terminationGracePeriodSecond' was unexpected",
    ),
    "a misspelt field of a probe": (
        put(API.container, "livenessProbe", "periodSecond", value=5),
        "'periodSecond' was unexpected",
    ),
    "a number as text": (
        put(API.container, "ports", 0, "containerPort", value="8080"),
        "'8080' is not of type",
    ),
    "a misspelt field of KEDA": (
        put(SCALED, "spec", "minReplicas", value=2),
        "'minReplicas' was unexpected",
    ),
    "metadata of KEDA that are no text": (
        put(SCALED, "spec", "triggers", 0, "metadata", "targetQueueSize", value=20),
        '20 is not of type "string"',
    ),
    "a misspelt metadata of KEDA": (
        put(SCALED, "spec", "triggers", 0, "metadata", "queueName", value="cashier"),
        "'queueName' was unexpected",
    ),
    "another trigger of KEDA": (
        put(SCALED, "spec", "triggers", 0, "type", value="temporl"),
        '"temporal" was expected',
    ),
    "a ServiceMonitor's field in a PodMonitor": (
        put(MONITOR, "spec", "endpoints", value=[]),
        "'endpoints' was unexpected",
    ),
    "a field beside the spec": (
        put(MONITOR, "specs", value={}),
        "PodMonitor cashier: has no specs",
    ),
    "an alert's misspelt field": (
        put(
            Found("PrometheusRule", "cashier"),
            *("spec", "groups", 0, "rules", 0, "fro"),
            value="1m",
        ),
        "'fro' was unexpected",
    ),
}


@pytest.mark.parametrize(("tamper", "said"), BROKEN.values(), ids=BROKEN)
def test_a_kind_or_a_field_that_does_not_exist_is_refused(
    tamper: Tampering, said: str
) -> None:
    manifests = manifests_of(*EVERYTHING)
    tamper(manifests)
    faults = faults_of_kinds(manifests)
    assert any(said in fault for fault in faults), faults
