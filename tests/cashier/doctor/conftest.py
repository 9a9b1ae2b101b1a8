"""A local merchant with all keys."""

from pathlib import Path

import pytest

from cashier.system.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.prepare()
    return home
