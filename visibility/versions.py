"""Filters of Temporal's list by worker version."""

from collections.abc import Iterable
from typing import Final

from temporalio.client import WorkflowExecution
from temporalio.common import SearchAttributeKey, WorkerDeploymentVersion

from visibility.attributes import NEEDS_ATTENTION
from visibility.stuck import OURS, any_of

# Temporal's own search attributes. A version is listed as `name:build`.
VERSION: Final = SearchAttributeKey.for_keyword("TemporalWorkerDeploymentVersion")
BEHAVIOR: Final = SearchAttributeKey.for_keyword("TemporalWorkflowVersioningBehavior")
# For a run without a version: `unversioned:BUILD` for each of its workers' builds.
BUILDS: Final = SearchAttributeKey.for_keyword_list("BuildIds")
WITHOUT_VERSION: Final = "unversioned:"

# Paused workflows, too, which are not "Running" (visibility/stuck.py).
NOT_ENDED: Final = f"{OURS} AND CloseTime IS NULL"
UNVERSIONED: Final = f"{NOT_ENDED} AND {VERSION.name} IS NULL"
PINNED: Final = f'{BEHAVIOR.name} = "Pinned"'
UPGRADES_ITSELF: Final = f'{BEHAVIOR.name} = "AutoUpgrade"'
FOR_A_PERSON: Final = f"{NEEDS_ATTENTION.name} IS NOT NULL"


def listed_name(version: WorkerDeploymentVersion) -> str:
    """Write a version as in Temporal's list; the SDK writes it with a dot."""
    return f"{version.deployment_name}:{version.build_id}"


def open_on(version: WorkerDeploymentVersion) -> str:
    """Return the filter for open workflows whose last version is this, or pinned to it.

    Auto-upgrading workflows are listed under their last version until their next task.
    """
    return f'{NOT_ENDED} AND {VERSION.name} = "{listed_name(version)}"'


def pinned_to(version: WorkerDeploymentVersion) -> str:
    """Return the filter for open workflows that continue on this version only."""
    return f"{open_on(version)} AND {PINNED}"


def pinned_elsewhere(versions: Iterable[WorkerDeploymentVersion]) -> str:
    """Return the filter for open workflows pinned to other versions than these."""
    names = any_of(sorted(map(listed_name, versions)))
    others = f" AND {VERSION.name} NOT IN ({names})" if names else ""
    return f"{NOT_ENDED} AND {PINNED}{others}"


def version_pinned(one: WorkflowExecution) -> str:
    """Return the version whose workers a run needs, as listed.

    Empty for an auto-upgrading run, and for one without a version.
    """
    known = one.typed_search_attributes
    is_pinned = known.get(BEHAVIOR) == "Pinned"
    return (known.get(VERSION) or "") if is_pinned else ""


def build_that_began(one: WorkflowExecution) -> str:
    """Return the build that started a run without a version; empty: not started yet."""
    builds = one.typed_search_attributes.get(BUILDS) or ()
    for build in builds:
        if build.startswith(WITHOUT_VERSION):
            return build.removeprefix(WITHOUT_VERSION)
    return ""
