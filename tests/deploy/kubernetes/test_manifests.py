"""What deploy/kubernetes sends to a cluster is what the processes want and serve."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.deploy.kubernetes import alerts
from tests.deploy.kubernetes.checks.every import faults_of
from tests.deploy.kubernetes.processes import PROCESSES
from tests.deploy.kubernetes.rendering import (
    KUBERNETES,
    copied,
    manifests_of,
    name_of,
    of_kind,
    rendered_in,
    workloads,
)

# Every component stands in one of them; those that exclude each other in several.
COMBINATIONS = [
    ("small",),
    ("production",),
    ("small", "temporal-credentials", "keda", "keda-credentials"),
    ("production", "keda", "prometheus-operator"),
    (
        "production",
        "temporal-credentials",
        "prometheus-operator",
        "worker-deployment",
    ),
]
EVERY_COMBINATION = pytest.mark.parametrize(
    "wanted", COMBINATIONS, ids=["+".join(one) for one in COMBINATIONS]
)


@EVERY_COMBINATION
async def test_the_manifests_are_what_the_processes_want_and_serve(
    wanted: tuple[str, ...], files: Mapping[str, Path]
) -> None:
    assert await faults_of(manifests_of(*wanted), files) == []


def test_every_overlay_and_component_is_rendered() -> None:
    overlays = {one.name for one in (KUBERNETES / "overlays").iterdir()}
    components = {one.name for one in (KUBERNETES / "components").iterdir()}
    # Where docs/deploying.md has been followed here, the reader's own is beside them.
    ours = {one for one in overlays if not one.startswith("mine")}
    assert {one[0] for one in COMBINATIONS} == ours
    # The overlays have these by themselves.
    rendered = {"codec-login", "high-availability"}
    rendered |= {name for one in COMBINATIONS for name in one[1:]}
    assert rendered == components


@EVERY_COMBINATION
def test_every_process_runs_in_every_overlay(wanted: tuple[str, ...]) -> None:
    names = [one.name for one in workloads(manifests_of(*wanted))]
    assert sorted(names) == sorted(PROCESSES)


def test_a_changed_setting_restarts_what_reads_it() -> None:
    for one in of_kind(manifests_of("small"), "ConfigMap"):
        assert "-settings-" in name_of(one)  # the hash of what it holds


def test_versioned_workers_have_the_pods_of_the_others() -> None:
    [plain] = (w for w in workloads(manifests_of("production")) if "worker" in w.name)
    versioned = manifests_of("production", "worker-deployment")
    [one] = of_kind(versioned, "WorkerDeployment")
    assert one["spec"]["template"] == plain.spec["template"]
    assert one["spec"]["replicas"] == plain.spec["replicas"]
    assert not [
        w
        for w in workloads(versioned)
        if w.kind == "Deployment" and w.name == name_of(one)
    ]


def test_versioned_workers_are_sent_to_the_temporal_of_the_settings(
    tmp_path: Path,
) -> None:
    file = copied("small", tmp_path / "mine")
    text = file.read_text()
    first = yaml.safe_load(text)["components"][0]
    last = f"{first.rpartition('/')[0]}/worker-deployment"
    file.write_text(text.replace(f"- {first}\n", f"- {first}\n  - {last}\n"))
    (file.parent / "settings" / "temporal.env").write_text(
        "TEMPORAL_ADDRESS=elsewhere.example:7233\nTEMPORAL_NAMESPACE=others\n"
    )
    manifests = rendered_in(file.parent)
    [connection] = of_kind(manifests, "Connection")
    [worker] = of_kind(manifests, "WorkerDeployment")
    assert connection["spec"]["hostPort"] == "elsewhere.example:7233"
    assert worker["spec"]["workerOptions"]["temporalNamespace"] == "others"


def test_production_loses_no_process_with_one_node() -> None:
    manifests = manifests_of("production")
    [autoscaler] = of_kind(manifests, "HorizontalPodAutoscaler")
    counts: dict[str, int] = {
        one.name: one.spec.get("replicas", 1) for one in workloads(manifests)
    }
    counts["cashier-api"] = autoscaler["spec"]["minReplicas"]
    # Two archivers would write the same day.
    assert counts.pop("cashier-archiver") == 1
    assert min(counts.values()) >= 2
    for one in workloads(manifests):
        if one.name in counts:
            assert len(one.pod["topologySpreadConstraints"]) == 2


def test_the_alerts_on_a_cluster_are_those_of_prometheus() -> None:
    told = "run: .venv/bin/python -m tests.deploy.kubernetes.alerts"
    assert alerts.FILE.read_text() == alerts.text(), told
    [rule] = of_kind(
        manifests_of("production", "prometheus-operator"), "PrometheusRule"
    )
    assert rule["spec"] == yaml.safe_load(alerts.RULES.read_text())
