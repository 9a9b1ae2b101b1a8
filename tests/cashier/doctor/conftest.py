"""A local merchant with all keys, and a local system."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import System, running_system


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a home whose keys are made once, for they take a second."""
    home = Home(tmp_path_factory.mktemp("made-home"))
    home.prepare()
    return home


@pytest.fixture
def home(made_home: Home, tmp_path: Path) -> Home:
    """Return a home of the test's own."""
    return Home(shutil.copytree(made_home.folder, tmp_path / "home"))


@pytest.fixture(scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """Run all parts, as `cashier up` does."""
    home = Home(tmp_path_factory.mktemp("system") / "home")
    async with running_system(home, Ports.free(), keep=False, shop=True) as system:
        yield system
