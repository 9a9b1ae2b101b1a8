"""A real cluster, for the whole run."""

from collections.abc import AsyncIterator

import pytest

from deploy.cluster.running import Cluster, throw_away_cluster


@pytest.fixture(scope="session")
async def cluster() -> AsyncIterator[Cluster]:
    async with throw_away_cluster() as running:
        yield running
