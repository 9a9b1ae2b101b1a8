"""A local merchant with all keys."""

import shutil
from pathlib import Path

import pytest

from cashier.system.home import Home


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
