"""A codec server for each test; its operator's password is hashed once."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.codec.issuing import AUDIENCE, ISSUER, Issuer
from tests.codec.serving import Codec, a_server, settings_in


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codec")
    settings_in(folder)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """Keys and operators that the test may change."""
    return shutil.copytree(prepared, tmp_path / "codec")


@pytest.fixture
async def codec(folder: Path) -> AsyncIterator[Codec]:
    async with a_server(settings_in(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def token_settings(issuer: Issuer, tmp_path: Path) -> dict[str, str]:
    """Settings of a server that takes this issuer's tokens."""
    (tmp_path / "jwks.json").write_text(issuer.jwks())
    return {
        "token_keys_file": str(tmp_path / "jwks.json"),
        "token_issuer": ISSUER,
        "token_audience": AUDIENCE,
    }
