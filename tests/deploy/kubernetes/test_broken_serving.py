"""Ports, probes, commands and times that the code does not have are refused."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.deploy.kubernetes.checks.serving import faults_of_serving
from tests.deploy.kubernetes.rendering import manifests_of
from tests.deploy.kubernetes.tampering import (
    API,
    ARCHIVER,
    CODEC,
    EVERYTHING,
    WORKER,
    Tampering,
    put,
    setting,
    variable,
)

BROKEN: dict[str, tuple[Tampering, str]] = {
    "a port that nobody listens on": (
        put(API.container, "ports", 0, "containerPort", value=8000),
        "cashier-api: nothing listens on port 8000",
    ),
    "a port by a setting": (
        setting("api", "CASHIER_API_PORT", "8000"),
        "cashier-api: nothing listens on port 8080",
    ),
    "a process that only hears itself": (
        variable(WORKER, "CASHIER_HEALTH_ADDRESS", "127.0.0.1:9466"),
        "CASHIER_HEALTH_ADDRESS listens on the pod's own address only",
    ),
    "a probe of a path that is not served": (
        put(
            CODEC.container, "readinessProbe", "httpGet", "path", value="/health/ready"
        ),
        "readinessProbe: /health/ready is not served on http",
    ),
    "a probe of the worker's metrics' port": (
        put(WORKER.container, "livenessProbe", "httpGet", "port", value="metrics"),
        "livenessProbe: /health/live is not served on metrics",
    ),
    "a probe of a port without a name": (
        put(WORKER.container, "livenessProbe", "httpGet", "port", value="htp"),
        "livenessProbe: no port is named htp",
    ),
    "a process without a probe": (
        put(ARCHIVER.container, "livenessProbe", value=None),
        "cashier-archiver: has no livenessProbe",
    ),
    "Temporal in the liveness": (
        put(API.container, "livenessProbe", "httpGet", "path", value="/health/ready"),
        "livenessProbe: an outage of Temporal would restart it",
    ),
    "a command that is none": (
        put(ARCHIVER.container, "args", value=["audit", "archive"]),
        "there is no command: cashier audit archive",
    ),
    "another process's command": (
        put(CODEC.container, "args", value=["api"]),
        "cashier-codec: runs: cashier api",
    ),
    "less time to end than the worker needs": (
        put(WORKER.pod, "terminationGracePeriodSeconds", value=25),
        "cashier-worker: is killed after 25 s, and needs 30 s to end",
    ),
    "a longer preStop": (
        put(
            API.container,
            *("lifecycle", "preStop", "exec", "command"),
            value=["sleep", "30"],
        ),
        "cashier-api: is killed after 45 s, and needs 55 s to end",
    ),
}


@pytest.mark.parametrize(("tamper", "said"), BROKEN.values(), ids=BROKEN)
async def test_what_the_code_does_not_serve_is_refused(
    tamper: Tampering, said: str, files: Mapping[str, Path]
) -> None:
    manifests = manifests_of(*EVERYTHING)
    tamper(manifests)
    faults = await faults_of_serving(manifests, files)
    assert any(said in fault for fault in faults), faults
