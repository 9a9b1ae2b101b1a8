"""One system and one build of the TypeScript examples for all files of this folder."""

from collections.abc import AsyncIterator

import pytest

from tests.examples.running import build_typescript
from tests.examples.storefront import Storefront, a_storefront


@pytest.fixture(scope="session")
async def typescript() -> None:
    await build_typescript()


@pytest.fixture
def way(request: pytest.FixtureRequest) -> str:
    """One of the ways that are shown; TypeScript is compiled when it is needed."""
    name: str = request.param
    if name == "typescript":
        request.getfixturevalue("typescript")
    return name


@pytest.fixture(scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Storefront]:
    async with a_storefront(tmp_path_factory.mktemp("system")) as shop:
        yield shop
