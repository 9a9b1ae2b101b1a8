"""Whether each pod may do what it needs, and no more."""

from collections.abc import Iterator, Sequence

from tests.deploy.kubernetes.rendering import Manifest, Workload, of_kind, workloads

# Writable without a disk, and the archive.
WRITABLE = {"/tmp", "/var/lib/cashier"}


def faults_of_hardening(manifests: Sequence[Manifest]) -> list[str]:
    faults = [
        f"{workload.name}: {fault}"
        for workload in workloads(manifests)
        for fault in (
            *_faults_of_pod(workload),
            *_faults_of_container(workload),
            *_faults_of_volumes(workload),
        )
    ]
    for one in of_kind(manifests, "Namespace"):
        enforced = one["metadata"]["labels"].get("pod-security.kubernetes.io/enforce")
        if enforced != "restricted":
            faults.append("Namespace: does not enforce the restricted standard")
    if any(of_kind(manifests, "Secret")):
        faults.append("a Secret stands in the manifests")
    return faults


def _faults_of_pod(workload: Workload) -> Iterator[str]:
    pod, security = workload.pod, workload.pod.get("securityContext", {})
    # A variable CASHIER_API_PORT, made of a Service's name, would be a setting of ours.
    if pod.get("enableServiceLinks") is not False:
        yield "variables of Services would pass for settings"
    if pod.get("automountServiceAccountToken") is not False:
        yield "gets a token of Kubernetes"
    if security.get("runAsNonRoot") is not True or security.get("runAsUser") == 0:
        yield "may run as root"
    if security.get("runAsUser") != 1000 or security.get("fsGroup") != 1000:
        yield "is not the image's user"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(name):
            yield f"sees the node: {name}"


def _faults_of_container(workload: Workload) -> Iterator[str]:
    security = workload.container.get("securityContext", {})
    resources = workload.container.get("resources", {})
    if security.get("allowPrivilegeEscalation") is not False:
        yield "may gain rights"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root file system"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    if not resources.get("requests", {}).keys() >= {"cpu", "memory"}:
        yield "does not say what it needs"
    if "memory" not in resources.get("limits", {}):
        yield "may take all memory of the node"
    image = workload.container["image"]
    if ":" not in image.rpartition("/")[2] or image.endswith(":latest"):
        yield f"its image is not pinned: {image}"


def _faults_of_volumes(workload: Workload) -> Iterator[str]:
    volumes = {one["name"]: one for one in workload.pod["volumes"]}
    for one in workload.container["volumeMounts"]:
        secret = volumes.get(one["name"], {}).get("secret")
        if not one.get("readOnly") and one["mountPath"] not in WRITABLE:
            yield f"may write to {one['mountPath']}"
        if one.get("subPath"):
            yield f"{one['mountPath']} is not renewed while it runs"
        if secret and secret.get("defaultMode") != 0o440:
            yield f"others in its container may read {secret['secretName']}"
    for variable in workload.container.get("env", ()):
        if "valueFrom" in variable:
            yield f"{variable['name']} is no file: everything in its process sees it"
