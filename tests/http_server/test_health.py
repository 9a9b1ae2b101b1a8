"""Health endpoints answer HEAD too, as balancers and monitors ask."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.http_server.calling import Caller, served
from tests.http_server.faces import WITH_HEALTH, a_face

ENDPOINTS = [
    *((name, "/health/live", 200) for name in WITH_HEALTH),
    # Temporal is away.
    ("api", "/health/ready", 503),
    # It does not serve yet.
    ("probes", "/health/ready", 503),
]


@pytest.mark.parametrize(("name", "path", "status"), ENDPOINTS)
async def test_a_health_endpoint_answers_head_as_it_answers_get(
    name: str, path: str, status: int, tmp_path: Path, merchant_key: RSAPrivateKey
) -> None:
    app = await a_face(name, tmp_path, merchant_key)
    async with served(app) as port, AsyncExitStack() as stack:
        for method in ("GET", "HEAD"):
            caller = await Caller.to(port, stack)
            call = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            await caller.send(call.encode())
            assert await caller.status() == status
            said = await caller.rest()
            body = said.partition(b"\r\n\r\n")[2]
            assert bool(body) is (method == "GET")
