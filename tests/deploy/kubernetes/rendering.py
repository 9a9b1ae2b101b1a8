"""Renders the manifests of deploy/kubernetes as `kubectl apply -k` would send them."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import pytest
import yaml

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "deploy" / "kubernetes"
TOOLS = ROOT / ".venv" / "kubernetes" / "bin"
# CI sets it, so that these tests cannot be left out there unnoticed.
REQUIRED = "CASHIER_KUBERNETES_TESTS"
# The first kustomize that renders `labels` and components as these manifests need them.
LEAST_KUSTOMIZE = 5

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """What makes pods: their template, and how many there are."""

    kind: str
    name: str
    spec: dict[str, Any]

    @property
    def pod(self) -> dict[str, Any]:
        spec: dict[str, Any] = self.spec["template"]["spec"]
        return spec

    @property
    def labels(self) -> dict[str, str]:
        labels: dict[str, str] = self.spec["template"]["metadata"]["labels"]
        return labels

    @property
    def container(self) -> dict[str, Any]:
        """Its only container."""
        [container] = self.pod["containers"]
        found: dict[str, Any] = container
        return found


def of_kind(manifests: Sequence[Manifest], *kinds: str) -> Iterator[Manifest]:
    yield from (one for one in manifests if one["kind"] in kinds)


def name_of(manifest: Manifest) -> str:
    name: str = manifest["metadata"]["name"]
    return name


def workloads(manifests: Sequence[Manifest]) -> list[Workload]:
    return [
        Workload(one["kind"], name_of(one), one["spec"])
        for one in of_kind(manifests, "Deployment", "WorkerDeployment")
    ]


@cache
def rendered(overlay: str, *components: str) -> str:
    """Return the manifests of an overlay with optional components, as JSON.

    Without kubectl the test is skipped, or fails in CI.
    """
    with TemporaryDirectory() as folder:
        mine = copied(overlay, Path(folder) / "mine")
        kustomization = yaml.safe_load(mine.read_text())
        there = kustomization["components"][0].rpartition("/")[0]
        kustomization["components"] += [f"{there}/{name}" for name in components]
        mine.write_text(yaml.safe_dump(kustomization))
        return json.dumps(rendered_in(mine.parent))


def copied(overlay: str, mine: Path) -> Path:
    """Copy an overlay, as its users do; return the copy's `kustomization.yaml`."""
    shutil.copytree(KUBERNETES / "overlays" / overlay, mine)
    file = mine / "kustomization.yaml"
    there = os.path.relpath(KUBERNETES, mine.resolve())
    file.write_text(file.read_text().replace("../../", f"{there}/"))
    return file


def rendered_in(folder: Path) -> list[Manifest]:
    """Return the manifests of the overlay in a folder."""
    command = [kubectl(), "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def manifests_of(overlay: str, *components: str) -> list[Manifest]:
    """Return the rendered manifests, which the caller may change."""
    manifests: list[Manifest] = json.loads(rendered(overlay, *components))
    return manifests


@cache
def kubectl() -> str:
    """Return the program; ours where it was made, else a new enough one on PATH."""
    programs = (shutil.which("kubectl", path=str(TOOLS)), shutil.which("kubectl"))
    found = next((one for one in programs if one and _renders(one)), None)
    if found is None:
        missing("kubectl with kustomize 5 or newer")
    return found


def _renders(program: str) -> bool:
    command = [program, "version", "--client", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        version = json.loads(done.stdout).get("kustomizeVersion", "v0")
    except ValueError:
        return False
    return int(version.removeprefix("v").partition(".")[0]) >= LEAST_KUSTOMIZE


def missing(what: str) -> NoReturn:
    """Skip the test for want of a tool, or fail it in CI."""
    if os.environ.get(REQUIRED) == "required":
        raise FileNotFoundError(f"there is no {what}")
    pytest.skip(f"there is no {what}: make kubernetes-tools")
