"""The releases between which a system is renewed."""

import pytest

from tests.upgrade.releases import Release, newer_release, old_release


@pytest.fixture(scope="session")
async def old(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return await old_release(tmp_path_factory.mktemp("releases"))


@pytest.fixture(scope="session")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return newer_release(tmp_path_factory.mktemp("releases"))
