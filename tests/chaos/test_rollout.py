"""The storm that rolls a release runs real older code beside today's."""

import os
from pathlib import Path

import pytest

from cashier.system.environment import CHECKOUT
from chaos.rollout.commits import ProgramFailedError
from chaos.rollout.storm import Builds, take_builds
from tests.upgrade.releases import REQUIRED


@pytest.fixture
async def builds(tmp_path: Path) -> Builds:
    try:
        return await take_builds(tmp_path)
    except (FileNotFoundError, ProgramFailedError) as error:
        if os.environ.get(REQUIRED) == "required":
            raise
        pytest.skip(f"older commits cannot be taken from git: {error}")


def knows_versions(code: Path) -> bool:
    return any(
        "TEMPORAL_WORKER_BUILD_ID" in file.read_text()
        for file in (code / "settings").glob("*.py")
    )


def test_the_older_releases_of_the_storm_are_commits_of_their_own(
    builds: Builds,
) -> None:
    codes = [builds.unversioned.code, builds.old.code, builds.new.code]
    assert [knows_versions(code) for code in codes] == [False, True, True]
    assert builds.new.code == CHECKOUT
    assert len(set(codes)) == 3


def test_the_versions_of_the_storm_are_distinguished(builds: Builds) -> None:
    assert builds.unversioned.settings == {}
    assert builds.old.settings.keys() == builds.new.settings.keys()
    assert builds.old.settings != builds.new.settings
