"""Validates manifests of Kubernetes' own kinds by its published schemas, strictly.

It is run by the environment of `requirements.in`, without anything of ours: manifests
as JSON on stdin, what is wrong with each as JSON on stdout. The arguments are versions.
"""

import json
import sys
from typing import Any

import kubernetes_validate


def fault_of(manifest: dict[str, Any], version: str) -> str | None:
    """Return what is wrong with one manifest; None where nothing is."""
    named = f"{manifest['kind']} {manifest['metadata']['name']}"
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        place = "/".join(str(part) for part in error.path)
        return f"{named}: {place}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return f"{named}: {error.message}"
    return None


def faults_of(manifest: dict[str, Any], versions: list[str]) -> list[str]:
    found = (fault_of(manifest, version) for version in versions)
    return sorted({fault for fault in found if fault})


if __name__ == "__main__":
    versions = sys.argv[1:]
    json.dump([faults_of(one, versions) for one in json.load(sys.stdin)], sys.stdout)
