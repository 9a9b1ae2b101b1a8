"""A worker has a version of its deployment, or none; never half of one."""

import pytest
from temporalio.common import WorkerDeploymentVersion

from cashier.running import WrongSettingsError, checked_settings
from settings.worker_version import WorkerVersionSettings

NAME, BUILD = "TEMPORAL_DEPLOYMENT_NAME", "TEMPORAL_WORKER_BUILD_ID"


def version_of(
    monkeypatch: pytest.MonkeyPatch, **given: str
) -> WorkerDeploymentVersion | None:
    for name in (NAME, BUILD):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return checked_settings(WorkerVersionSettings).version


def test_without_both_the_worker_has_no_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert version_of(monkeypatch) is None
    assert version_of(monkeypatch, **{NAME: "", BUILD: ""}) is None


def test_both_name_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {NAME: "cashier/cashier-worker", BUILD: "0.4.0-6f8d"}
    assert version_of(monkeypatch, **given) == WorkerDeploymentVersion(
        "cashier/cashier-worker", "0.4.0-6f8d"
    )


@pytest.mark.parametrize(
    ("given", "lacking"), [({NAME: "cashier"}, BUILD), ({BUILD: "0.4.0"}, NAME)]
)
def test_one_of_both_is_refused_and_the_other_named(
    given: dict[str, str], lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WrongSettingsError) as refused:
        version_of(monkeypatch, **given)
    [line] = refused.value.lines
    assert line.startswith(f"{lacking}: needed where {next(iter(given))} is set")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (NAME, "cashier.worker"),
        (NAME, "cashier:worker"),
        (NAME, "__cashier"),
        (NAME, 'cashier"worker'),
        (NAME, "c" * 128),
        (BUILD, "0.4.0:6f8d"),
        (BUILD, "__unversioned__"),
        (BUILD, "b" * 128),
    ],
)
def test_a_name_that_temporal_does_not_take_is_refused_by_its_rule(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WrongSettingsError) as refused:
        version_of(monkeypatch, **{NAME: "cashier", BUILD: "0.4.0", name: value})
    [line] = refused.value.lines
    assert line.startswith(f"{name}: has {len(value)} characters; must be")
    assert value not in line
