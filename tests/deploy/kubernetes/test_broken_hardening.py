"""A pod that may do more than it needs is refused."""

import pytest

from tests.deploy.kubernetes.checks.hardening import faults_of_hardening
from tests.deploy.kubernetes.rendering import manifests_of
from tests.deploy.kubernetes.tampering import (
    API,
    ARCHIVER,
    CODEC,
    EVERYTHING,
    WORKER,
    Found,
    Tampering,
    put,
)

BROKEN: dict[str, tuple[Tampering, str]] = {
    "variables of Services": (
        put(API.pod, "enableServiceLinks", value=None),
        "cashier-api: variables of Services would pass for settings",
    ),
    "a token of Kubernetes": (
        put(API.pod, "automountServiceAccountToken", value=True),
        "cashier-api: gets a token of Kubernetes",
    ),
    "root": (
        put(WORKER.pod, "securityContext", "runAsNonRoot", value=False),
        "cashier-worker: may run as root",
    ),
    "another user than the image's": (
        put(WORKER.pod, "securityContext", "runAsUser", value=1001),
        "cashier-worker: is not the image's user",
    ),
    "no seccomp": (
        put(CODEC.pod, "securityContext", "seccompProfile", value=None),
        "cashier-codec: has no seccomp profile",
    ),
    "the node's network": (
        put(API.pod, "hostNetwork", value=True),
        "cashier-api: sees the node: hostNetwork",
    ),
    "a root file system that can be written": (
        put(API.container, "securityContext", "readOnlyRootFilesystem", value=False),
        "cashier-api: may write to its root file system",
    ),
    "more rights": (
        put(API.container, "securityContext", "allowPrivilegeEscalation", value=None),
        "cashier-api: may gain rights",
    ),
    "a capability": (
        put(
            API.container,
            *("securityContext", "capabilities", "add"),
            value=["NET_BIND_SERVICE"],
        ),
        "cashier-api: keeps capabilities",
    ),
    "no limit of memory": (
        put(ARCHIVER.container, "resources", "limits", value=None),
        "cashier-archiver: may take all memory of the node",
    ),
    "no word of what it needs": (
        put(ARCHIVER.container, "resources", "requests", "cpu", value=None),
        "cashier-archiver: does not say what it needs",
    ),
    "an image without a release": (
        put(API.container, "image", value="registry.example:5000/durable-cashier"),
        "cashier-api: its image is not pinned",
    ),
    "a Secret that everybody in the container reads": (
        put(API.pod, "volumes", 0, "secret", "defaultMode", value=0o444),
        "cashier-api: others in its container may read cashier-api-secrets",
    ),
    "a Secret that can be written": (
        put(API.container, "volumeMounts", 0, "readOnly", value=None),
        "cashier-api: may write to /run/api",
    ),
    "a Secret that is never renewed": (
        put(API.container, "volumeMounts", 0, "subPath", value="api-keys"),
        "/run/api is not renewed while it runs",
    ),
    "a secret in a variable": (
        put(
            API.container,
            *("env", 0),
            value={
                "name": "CASHIER_API_KEYS_FILE",
                "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}},
            },
        ),
        "CASHIER_API_KEYS_FILE is no file: everything in its process sees it",
    ),
    "a Secret in the manifests": (
        lambda manifests: manifests.append(
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}}
        ),
        "a Secret stands in the manifests",
    ),
    "pods that may be anything": (
        put(
            Found("Namespace", "cashier"),
            *("metadata", "labels", "pod-security.kubernetes.io/enforce"),
            value="baseline",
        ),
        "Namespace: does not enforce the restricted standard",
    ),
}


@pytest.mark.parametrize(("tamper", "said"), BROKEN.values(), ids=BROKEN)
def test_a_pod_that_may_do_more_than_it_needs_is_refused(
    tamper: Tampering, said: str
) -> None:
    manifests = manifests_of(*EVERYTHING)
    tamper(manifests)
    faults = faults_of_hardening(manifests)
    assert any(said in fault for fault in faults), faults
