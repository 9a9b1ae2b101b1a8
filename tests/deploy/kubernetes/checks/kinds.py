"""Whether each manifest is of a kind that exists, with the fields of that kind."""

import json
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

from tests.deploy.kubernetes.rendering import TOOLS, Manifest, missing, name_of

# The oldest Kubernetes that docs/deploying.md promises, and the newest that is known.
VERSIONS = ("1.29", "1.37")
FOLDER = Path(__file__).parents[1]
SCHEMAS = FOLDER / "schemas"
# All kinds of Kubernetes' own that we use, spelled as it spells them: the validator
# takes any case for right, and an unknown kind for none of its business.
KINDS = {
    "apps/v1": {"Deployment"},
    "autoscaling/v2": {"HorizontalPodAutoscaler"},
    "networking.k8s.io/v1": {"NetworkPolicy"},
    "policy/v1": {"PodDisruptionBudget"},
    "v1": {
        "ConfigMap", "Namespace", "PersistentVolumeClaim", "Service", "ServiceAccount",
    },
}  # fmt: skip


def faults_of_kinds(manifests: Sequence[Manifest]) -> list[str]:
    """Return what the schemas of the kinds refuse, and kinds that nobody knows."""
    faults, own = [], []
    for one in manifests:
        version, kind = one["apiVersion"], one["kind"]
        if kind in KINDS.get(version, ()):
            own.append(one)
        elif schema := _custom_kinds().get((version, kind)):
            faults += _faults_of_custom(one, schema)
            own += _templates_of(one)
        else:
            faults.append(f"{kind} {name_of(one)}: no kind of {version}")
    return faults + _faults_of_own(own)


def _templates_of(manifest: Manifest) -> list[Manifest]:
    """Return the pods of a custom kind as Kubernetes' own kind would make them."""
    template = manifest["spec"].get("template")
    if not template:
        return []
    selector = {"matchLabels": template["metadata"]["labels"]}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": manifest["metadata"],
            "spec": {"selector": selector, "template": template},
        }
    ]


def _faults_of_own(manifests: Sequence[Manifest]) -> list[str]:
    texts = [json.dumps(one, sort_keys=True) for one in manifests]
    if new := [text for text in texts if text not in _looked_at]:
        _looked_at.update(zip(new, _validated(new), strict=True))
    return [fault for text in texts for fault in _looked_at[text]]


# The validator takes a second for a dozen of them, and overlays have most in common.
_looked_at: dict[str, list[str]] = {}


def _validated(manifests: Sequence[str]) -> list[list[str]]:
    """Return what is wrong with each."""
    if not (TOOLS / "kubernetes-validate").exists():
        missing("validator of Kubernetes' kinds")
    done = subprocess.run(
        [str(TOOLS / "python"), str(FOLDER / "validate_kinds.py"), *VERSIONS],
        input=f"[{','.join(manifests)}]",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    faults: list[list[str]] = json.loads(done.stdout)
    return faults


@cache
def _custom_kinds() -> dict[tuple[str, str], dict[str, Any]]:
    kinds = {}
    for file in sorted(SCHEMAS.glob("*.yaml")):
        for schema in yaml.safe_load_all(file.read_text()):
            kinds[(schema["apiVersion"], schema["kind"])] = schema["spec"]
    return kinds


def _faults_of_custom(manifest: Manifest, schema: dict[str, Any]) -> list[str]:
    named = f"{manifest['kind']} {name_of(manifest)}"
    if beside := manifest.keys() - {"apiVersion", "kind", "metadata", "spec"}:
        return [f"{named}: has no {', '.join(sorted(beside))}"]
    validator = jsonschema_rs.validator_for(_strict(schema))
    return [
        f"{named}: spec/{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in validator.iter_errors(manifest["spec"])
    ]


def _strict(schema: Any) -> Any:
    """Let no object have fields that its schema does not name."""
    if not isinstance(schema, dict):
        return schema
    strict = {
        key: {name: _strict(one) for name, one in value.items()}
        if key == "properties"
        else _strict(value)
        for key, value in schema.items()
    }
    if "properties" in strict:
        strict.setdefault("additionalProperties", False)
    return strict
