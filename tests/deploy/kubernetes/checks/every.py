"""All checks of rendered manifests together."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.deploy.kubernetes.checks.given import faults_of_settings
from tests.deploy.kubernetes.checks.hardening import faults_of_hardening
from tests.deploy.kubernetes.checks.kinds import faults_of_kinds
from tests.deploy.kubernetes.checks.references import faults_of_references
from tests.deploy.kubernetes.checks.serving import faults_of_serving
from tests.deploy.kubernetes.rendering import Manifest


async def faults_of(
    manifests: Sequence[Manifest], files: Mapping[str, Path]
) -> list[str]:
    """Return everything that is wrong with them; an empty list where nothing is."""
    faults = [
        *faults_of_kinds(manifests),
        *faults_of_hardening(manifests),
        *faults_of_references(manifests),
        *faults_of_settings(manifests, files),
    ]
    # What a process serves is known once it takes its settings.
    return faults or await faults_of_serving(manifests, files)
