"""Whether each process is given settings that it has, takes them, and their files."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from settings.process import ProcessSettings
from settings.temporal import TemporalSettingError, temporal_config
from tests.deploy.kubernetes.processes import PROCESSES, Process
from tests.deploy.kubernetes.rendering import (
    Manifest,
    Workload,
    name_of,
    of_kind,
    workloads,
)
from tests.settings.every_setting import variable_of

# What the SDK reads, of all that we say something about.
OF_TEMPORAL = {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_CONFIG_FILE"}


def environment_of(workload: Workload, manifests: Sequence[Manifest]) -> dict[str, str]:
    """Return the variables of a process: of its ConfigMaps, then its own."""
    maps = {
        name_of(one): one.get("data", {}) for one in of_kind(manifests, "ConfigMap")
    }
    given: dict[str, str] = {}
    for source in workload.container.get("envFrom", ()):
        given |= maps.get(source["configMapRef"]["name"], {})
    own = workload.container.get("env", ())
    return given | {one["name"]: one.get("value", "") for one in own}


def faults_of_settings(
    manifests: Sequence[Manifest], files: Mapping[str, Path]
) -> list[str]:
    """Return what is wrong with what the processes are given.

    Args:
        manifests: The rendered ones.
        files: By a folder in the container, the folder here whose files stand for it.
    """
    faults = []
    for workload in workloads(manifests):
        process = PROCESSES.get(workload.name)
        if process is None:
            faults.append(f"{workload.name}: no process of ours")
            continue
        given = environment_of(workload, manifests)
        faults += [
            f"{workload.name}: {name} is no setting of this process"
            for name in sorted(given.keys() - settings_of(process))
        ]
        faults += _faults_of_mounts(workload, given)
        faults += _refusals_of(workload.name, process, given, files)
    return faults


def settings_of(process: Process) -> set[str]:
    """Return the names of all variables that a process reads."""
    names = {
        variable_of(process.settings, field) for field in process.settings.model_fields
    }
    uses_temporal = getattr(process.settings, "uses_temporal", False)
    return names | process.takes | (OF_TEMPORAL if uses_temporal else set())


def taken_by(process: Process, given: Mapping[str, str]) -> BaseSettings:
    """Return the settings as the process reads them.

    Raises:
        ValidationError: It would refuse them.
    """
    by_field = {
        field: given[variable]
        for field in process.settings.model_fields
        if (variable := variable_of(process.settings, field)) in given
    }
    # By the names of fields: whatever variables this process has must not matter.
    aliases = {
        field: one.validation_alias
        for field, one in process.settings.model_fields.items()
        if isinstance(one.validation_alias, str)
    }
    assert issubclass(process.settings, ProcessSettings)
    named: dict[str, Any] = {aliases.get(k, k): value for k, value in by_field.items()}
    return process.settings(_env_file=None, **named)


def with_files_here(
    given: Mapping[str, str], files: Mapping[str, Path]
) -> dict[str, str]:
    """Return the settings with folders of this machine in place of the container's."""
    here = dict(given)
    for name, value in given.items():
        for folder, own in files.items():
            if value == folder or value.startswith(f"{folder}/"):
                here[name] = f"{own}{value.removeprefix(folder)}"
    return here


def _refusals_of(
    name: str, process: Process, given: Mapping[str, str], files: Mapping[str, Path]
) -> list[str]:
    here = with_files_here(given, files)
    try:
        taken_by(process, here)
        if getattr(process.settings, "uses_temporal", False):
            temporal_config({k: v for k, v in here.items() if k in OF_TEMPORAL})
    except ValidationError as error:
        return [
            f"{name}: {'/'.join(map(str, one['loc']))}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False)
        ]
    except TemporalSettingError as error:
        return [f"{name}: {error}"]
    return []


def _faults_of_mounts(workload: Workload, given: Mapping[str, str]) -> list[str]:
    """Every Secret is named by a setting, and every file lies in a volume."""
    secrets = {one["name"] for one in workload.pod["volumes"] if "secret" in one}
    mounts = {one["mountPath"]: one for one in workload.container["volumeMounts"]}
    # `host:port` and URLs are no paths.
    paths = {name: v for name, v in given.items() if re.match(r"/\w", v)}
    faults = [
        f"{workload.name}: {name} lies in no volume: {path}"
        for name, path in paths.items()
        if not any(_is_in(path, mount) for mount in mounts)
    ]
    return faults + [
        f"{workload.name}: no setting names a file of {one['name']} at {path}"
        for path, one in mounts.items()
        if one["name"] in secrets
        and not any(_is_in(value, path) for value in paths.values())
    ]


def _is_in(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)
