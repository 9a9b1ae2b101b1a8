"""Broken manifests of versioned workers are refused as all others are."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.deploy.kubernetes.checks.every import faults_of
from tests.deploy.kubernetes.rendering import manifests_of
from tests.deploy.kubernetes.tampering import (
    VERSIONED,
    VERSIONS,
    Found,
    Tampering,
    put,
)

BROKEN: dict[str, tuple[Tampering, str]] = {
    "the controller's kind of before 1.7": (
        put(VERSIONS, "kind", value="TemporalWorkerDeployment"),
        "no kind of temporal.io/v1alpha1",
    ),
    "a rollout without steps": (
        put(VERSIONS, "spec", "rollout", "steps", value=None),
        '"steps" is a required property',
    ),
    "a ramp to everybody": (
        put(VERSIONS, "spec", "rollout", "steps", 0, "rampPercentage", value=100),
        "100 is greater than the maximum of 99",
    ),
    "a pause of a second": (
        put(VERSIONS, "spec", "rollout", "steps", 0, "pauseDuration", value="1s"),
        "spec/rollout/steps/0/pauseDuration",
    ),
    "a misspelt field of its pods": (
        put(VERSIONS.pod, "serviceAcountName", value="cashier"),
        "'serviceAcountName' was unexpected",
    ),
    "its pods as root": (
        put(VERSIONS.pod, "securityContext", "runAsNonRoot", value=False),
        "cashier-worker: may run as root",
    ),
    "another Temporal than the API's": (
        put(
            Found("Connection", "cashier-temporal"),
            *("spec", "hostPort"),
            value="other:7233",
        ),
        "WorkerDeployment cashier-worker: is sent to another Temporal",
    ),
    "a connection that is not there": (
        put(VERSIONS, "spec", "workerOptions", "connectionRef", "name", value="other"),
        "WorkerDeployment cashier-worker: is sent to another Temporal",
    ),
}


@pytest.mark.parametrize(("tamper", "said"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_manifest_of_versioned_workers_is_refused(
    tamper: Tampering, said: str, files: Mapping[str, Path]
) -> None:
    manifests = manifests_of(*VERSIONED)
    tamper(manifests)
    faults = await faults_of(manifests, files)
    assert any(said in fault for fault in faults), faults
