"""Whether a version's workers may go."""

from dataclasses import replace

import pytest
from temporalio.common import WorkerDeploymentVersion

from cashier.releases.verdict import Drainage, Release

DRAINED = Release(
    WorkerDeploymentVersion("cashier", "0.3.0"), Drainage.DRAINED, workers=2
)


def test_the_workers_of_a_drained_version_may_go() -> None:
    assert DRAINED.keeps_it == ""
    assert DRAINED.fault == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"is_current": True}, "new payments start on it"),
        ({"ramp_percentage": 5.0}, "some of the new payments"),
        ({"pinned": 3, "for_a_person": 1}, "3 open are pinned"),
        ({"pinned": 2, "for_a_person": 2}, "cashier releases move 0.3.0"),
        ({"drainage": Drainage.DRAINING}, "not reported it drained yet"),
    ],
)
def test_they_stay_while_something_needs_them(
    changes: dict[str, object], words: str
) -> None:
    assert words in replace(DRAINED, **changes).keeps_it  # type: ignore[arg-type]


def test_what_upgrades_itself_keeps_no_worker() -> None:
    assert replace(DRAINED, upgrading=7).keeps_it == ""


@pytest.mark.parametrize(
    "changes", [{"is_current": True}, {"pinned": 1}, {"ramp_percentage": 5.0}]
)
def test_what_has_no_worker_though_it_needs_one_is_a_fault(
    changes: dict[str, object],
) -> None:
    assert "no worker polls" in replace(DRAINED, workers=0, **changes).fault  # type: ignore[arg-type]
    assert replace(DRAINED, **changes).fault == ""  # type: ignore[arg-type]


def test_a_version_that_nothing_needs_may_be_without_workers() -> None:
    assert replace(DRAINED, workers=0).fault == ""
