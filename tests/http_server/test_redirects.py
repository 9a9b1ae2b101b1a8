"""No application redirects a path to the host that the caller names."""

import ast
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.http_server.faces import a_face
from tests.test_architecture import MAY_IMPORT, modules_of

PATHS = [
    ("api", "POST", "/payments"),
    ("api", "GET", "/payments/order-1/events"),
    ("api", "POST", "/alipay/notifications/payment"),
    ("api", "GET", "/health/live"),
    ("api", "GET", "/openapi.json"),
    ("metrics", "GET", "/metrics"),
    ("codec", "POST", "/codec/decode"),
    ("codec", "POST", "/login"),
    ("codec", "GET", "/health/live"),
    ("simulator", "POST", "/ams/api/v1/payments/pay"),
    ("simulator", "GET", "/control/payments"),
    ("storefront", "GET", "/cart"),
    ("storefront", "POST", "/webhooks/cashier"),
]


@pytest.mark.parametrize(("name", "method", "path"), PATHS)
async def test_a_slash_too_many_is_not_found_and_redirects_nowhere(
    name: str, method: str, path: str, tmp_path: Path, merchant_key: RSAPrivateKey
) -> None:
    app = await a_face(name, tmp_path, merchant_key)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Host": "stranger.example", "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://a.test", headers=headers
    ) as http:
        known = await http.request(method, path)
        answer = await http.request(method, f"{path}/")
    # Without the slash there is such a path, whatever it says to this call.
    assert known.status_code != 404
    assert answer.status_code == 404
    assert "location" not in answer.headers


async def test_the_mounted_path_of_the_codec_redirects_nowhere(
    tmp_path: Path, merchant_key: RSAPrivateKey
) -> None:
    transport = httpx.ASGITransport(await a_face("codec", tmp_path, merchant_key))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://stranger.example"
    ) as http:
        assert (await http.get("/codec")).status_code == 404


def test_each_application_that_we_build_switches_these_redirects_off() -> None:
    """Another one, that is built later, must do so too."""
    built = [
        node
        for part in MAY_IMPORT
        for file in modules_of(part)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "FastAPI"
    ]
    assert len(built) >= 6
    for call in built:
        options = {one.arg: ast.unparse(one.value) for one in call.keywords}
        assert options.get("redirect_slashes") == "False"
