"""A running system: what its parts see."""

from collections.abc import AsyncIterator

import psutil
import pytest

from cashier.environment import PASSED_ON, PASSED_ON_PREFIX
from cashier.home import Home, Ports
from cashier.system import System, running_system

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    home = Home(tmp_path_factory.mktemp("system") / "home")
    async with running_system(home, Ports.free(), keep=True, shop=True) as system:
        yield system


async def test_a_part_sees_only_what_the_system_names(system: System) -> None:
    named = {
        *system.home.environment(system.ports),
        *system.home.shop_environment(system.ports),
        *("HOME", "PYTHONPATH", *PASSED_ON),
    }
    for part in system.parts.values():
        assert part.process
        seen = psutil.Process(part.process.pid)
        found = {
            name for name in seen.environ() if not name.startswith(PASSED_ON_PREFIX)
        }
        assert found <= named
        assert seen.cwd() == str(system.home.empty_folder)
    assert list(system.home.empty_folder.iterdir()) == []
