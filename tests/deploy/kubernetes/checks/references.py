"""Whether what one manifest says of another is so: names, selectors, ports."""

from collections.abc import Iterator, Sequence
from typing import Any

from contracts import TASK_QUEUE
from tests.deploy.kubernetes.checks.given import environment_of
from tests.deploy.kubernetes.checks.serving import ports_of
from tests.deploy.kubernetes.rendering import (
    Manifest,
    Workload,
    name_of,
    of_kind,
    workloads,
)

NAMESPACE = "cashier"


def faults_of_references(manifests: Sequence[Manifest]) -> list[str]:
    return [
        *_faults_of_places(manifests),
        *_faults_of_pods(manifests),
        *_faults_of_selectors(manifests),
        *_faults_of_scaling(manifests),
        *_faults_of_policies(manifests),
        *_faults_of_temporal(manifests),
    ]


def selected(selector: dict[str, Any], manifests: Sequence[Manifest]) -> list[Workload]:
    """Return the workloads whose pods a selector matches."""
    return [one for one in workloads(manifests) if matches(selector, one.labels)]


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(
        one["operator"] == "In" and labels.get(one["key"]) in one["values"]
        for one in selector.get("matchExpressions", ())
    )


def _faults_of_places(manifests: Sequence[Manifest]) -> Iterator[str]:
    for one in manifests:
        named = f"{one['kind']} {name_of(one)}"
        if one["kind"] == "Namespace":
            if name_of(one) != NAMESPACE:
                yield f"{named}: is not {NAMESPACE}"
        elif one["metadata"].get("namespace") != NAMESPACE:
            yield f"{named}: is not in the namespace {NAMESPACE}"
    names = [(one["apiVersion"], one["kind"], name_of(one)) for one in manifests]
    yield from (f"{one} is there twice" for one in {*names} if names.count(one) > 1)


def _faults_of_pods(manifests: Sequence[Manifest]) -> Iterator[str]:
    """ConfigMaps, claims and accounts of the pods are there, each volume is used."""
    there = {(one["kind"], name_of(one)) for one in manifests}
    for workload in workloads(manifests):
        pod, container = workload.pod, workload.container
        used = [
            *(
                ("ConfigMap", one["configMapRef"]["name"])
                for one in container["envFrom"]
            ),
            ("ServiceAccount", pod["serviceAccountName"]),
            *(
                ("PersistentVolumeClaim", one["persistentVolumeClaim"]["claimName"])
                for one in pod["volumes"]
                if "persistentVolumeClaim" in one
            ),
        ]
        for kind, name in used:
            if (kind, name) not in there:
                yield f"{workload.name}: there is no {kind} {name}"
        volumes = {one["name"] for one in pod["volumes"]}
        mounted = {one["name"] for one in container["volumeMounts"]}
        for name in sorted(volumes ^ mounted):
            yield f"{workload.name}: {name} is no volume, or not mounted"
        for spread in pod.get("topologySpreadConstraints", ()):
            if not matches(spread["labelSelector"], workload.labels):
                yield f"{workload.name}: is spread by other pods"
            if {*spread["labelSelector"]["matchLabels"]} & {*spread["matchLabelKeys"]}:
                yield f"{workload.name}: a key is in labelSelector and matchLabelKeys"


def _faults_of_selectors(manifests: Sequence[Manifest]) -> Iterator[str]:
    for one in of_kind(manifests, "Deployment"):
        labels = one["spec"]["template"]["metadata"]["labels"]
        if not matches(one["spec"]["selector"], labels):
            yield f"Deployment {name_of(one)}: selects other pods than its own"
    for one in of_kind(manifests, "PodDisruptionBudget"):
        if [of.name for of in selected(one["spec"]["selector"], manifests)] != [
            name_of(one)
        ]:
            yield f"PodDisruptionBudget {name_of(one)}: selects other pods"
        if one["spec"].get("minAvailable"):
            yield f"PodDisruptionBudget {name_of(one)}: may stop a drain for ever"
        if one["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"PodDisruptionBudget {name_of(one)}: a broken pod stops a drain"
    budgets = {name_of(one) for one in of_kind(manifests, "PodDisruptionBudget")}
    for workload in workloads(manifests):
        is_alone = workload.spec.get("strategy", {}).get("type") == "Recreate"
        if not is_alone and workload.name not in budgets:
            yield f"{workload.name}: has no PodDisruptionBudget"
    for one in of_kind(manifests, "Service"):
        found = selected({"matchLabels": one["spec"]["selector"]}, manifests)
        if [of.name for of in found] != [name_of(one)]:
            yield f"Service {name_of(one)}: selects other pods"
        for port in one["spec"]["ports"]:
            if not all(port["targetPort"] in ports_of(of) for of in found):
                yield f"Service {name_of(one)}: no port is named {port['targetPort']}"
            if port["targetPort"] == "metrics":
                yield f"Service {name_of(one)}: shows metrics to callers"
    for one in of_kind(manifests, "PodMonitor"):
        yield from _faults_of_monitor(one, selected(one["spec"]["selector"], manifests))


def _faults_of_monitor(monitor: Manifest, found: list[Workload]) -> Iterator[str]:
    named = f"PodMonitor {name_of(monitor)}"
    if {one.name for one in found} != {"cashier-api", "cashier-worker"}:
        yield f"{named}: selects other pods"
    for endpoint in monitor["spec"]["podMetricsEndpoints"]:
        for workload in found:
            if endpoint["port"] not in ports_of(workload):
                yield f"{named}: {workload.name} has no port {endpoint['port']}"
        if (endpoint["port"], endpoint["path"]) != ("metrics", "/metrics"):
            yield f"{named}: no metrics are at {endpoint['port']} {endpoint['path']}"
    job = monitor["spec"].get("jobLabel", "")
    # As the alert CashierIsDown asks for them.
    if not all(one.labels.get(job, "").startswith("cashier-") for one in found):
        yield f"{named}: the jobs are not named after the processes"


def _faults_of_scaling(manifests: Sequence[Manifest]) -> Iterator[str]:
    deployments = {
        name_of(one): one["spec"] for one in of_kind(manifests, "Deployment")
    }
    for one in of_kind(manifests, "HorizontalPodAutoscaler", "ScaledObject"):
        target = one["spec"]["scaleTargetRef"]["name"]
        if target not in deployments:
            yield f"{one['kind']} {name_of(one)}: there is no Deployment {target}"
        elif "replicas" in deployments[target]:
            yield f"{one['kind']} {name_of(one)}: each apply sets {target} back"
        least = one["spec"].get("minReplicas", one["spec"].get("minReplicaCount", 0))
        if least < 1:
            yield f"{one['kind']} {name_of(one)}: scales {target} to none"


def _faults_of_policies(manifests: Sequence[Manifest]) -> Iterator[str]:
    policies = list(of_kind(manifests, "NetworkPolicy"))
    denying = [one for one in policies if one["spec"]["podSelector"] == {}]
    if not any(
        {*one["spec"]["policyTypes"]} == {"Ingress", "Egress"}
        and not one["spec"].get("ingress")
        and not one["spec"].get("egress")
        for one in denying
    ):
        yield "no NetworkPolicy denies what none allows"
    opened: dict[str, set[str]] = {one.name: set() for one in workloads(manifests)}
    for one in policies:
        found = selected(one["spec"]["podSelector"], manifests)
        if not found:
            yield f"NetworkPolicy {name_of(one)}: selects no pods"
        for rule in one["spec"].get("ingress", ()):
            if not rule.get("from"):
                yield f"NetworkPolicy {name_of(one)}: lets everybody in"
            for port in rule["ports"]:
                for workload in found:
                    if port["port"] not in ports_of(workload):
                        yield (
                            f"NetworkPolicy {name_of(one)}: {workload.name} has no "
                            f"port {port['port']}"
                        )
                    opened[workload.name].add(port["port"])
    for workload in workloads(manifests):
        # The kubelet asks probes, whom no policy stops.
        for name in sorted(
            ports_of(workload).keys() - opened[workload.name] - {"health"}
        ):
            yield f"{workload.name}: no NetworkPolicy lets callers to port {name}"


def _faults_of_temporal(manifests: Sequence[Manifest]) -> Iterator[str]:
    """What others are told of Temporal is what the worker is told."""
    given: dict[str, str] = {}
    for workload in workloads(manifests):
        environment = environment_of(workload, manifests)
        if workload.name == "cashier-worker":
            given = environment
        port = environment.get("TEMPORAL_ADDRESS", "").rpartition(":")[2]
        if port.isdecimal() and not _may_call(workload, int(port), manifests):
            yield f"{workload.name}: no NetworkPolicy lets it to Temporal's port {port}"
    for one in of_kind(manifests, "ScaledObject"):
        for trigger in one["spec"]["triggers"]:
            told = trigger["metadata"]
            if told["taskQueue"] != TASK_QUEUE:
                yield f"ScaledObject {name_of(one)}: nobody polls {told['taskQueue']}"
            for name in ("endpointFromEnv", "namespaceFromEnv"):
                if told.get(name) not in given:
                    yield f"ScaledObject {name_of(one)}: {name} is no variable of it"
    addresses = {
        name_of(one): one["spec"]["hostPort"]
        for one in of_kind(manifests, "Connection")
    }
    for one in of_kind(manifests, "WorkerDeployment"):
        options = one["spec"]["workerOptions"]
        address = addresses.get(options["connectionRef"]["name"])
        if (address, options["temporalNamespace"]) != (
            given.get("TEMPORAL_ADDRESS"),
            given.get("TEMPORAL_NAMESPACE"),
        ):
            yield f"WorkerDeployment {name_of(one)}: is sent to another Temporal"


def _may_call(workload: Workload, port: int, manifests: Sequence[Manifest]) -> bool:
    return any(
        one["port"] == port
        for policy in of_kind(manifests, "NetworkPolicy")
        if matches(policy["spec"]["podSelector"], workload.labels)
        for rule in policy["spec"].get("egress", ())
        for one in rule["ports"]
    )
