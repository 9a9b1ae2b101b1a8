"""/docs: everything on it comes from this API, and nothing else may run on it."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from tests.api.keyed import KeyedApi, keyed_api


@pytest.fixture
async def api(tmp_path: Path, alipay_key: RSAPrivateKey) -> AsyncIterator[KeyedApi]:
    async with keyed_api(tmp_path, alipay_key) as api:
        yield api


async def test_the_page_names_only_files_that_are_served_here(api: KeyedApi) -> None:
    page = await api.call(None, "GET /docs")
    assert page.status_code == 200
    assert "://" not in page.text
    named = re.findall(r"(?:src|href|url)(?:=|: )[\"']([^\"']+)", page.text)
    assert len(named) == 4
    for path in named:
        answer = await api.call(None, f"GET /{path}")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"
        kind = answer.headers["content-type"].partition(";")[0]
        assert (
            kind
            == {
                "js": "text/javascript",
                "css": "text/css",
                "png": "image/png",
                "json": "application/json",
            }[path.rpartition(".")[2]]
        )


async def test_the_page_runs_its_own_script_alone(api: KeyedApi) -> None:
    page = await api.call(None, "GET /docs")
    [script] = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = dict(
        rule.split(" ", 1)
        for rule in page.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' 'sha256-{digest}'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(policy)
    assert "http" not in str(policy)


@pytest.mark.parametrize(
    "name", ["__init__.py", "..%2f__init__.py", "%2e%2e/api-keys", "swagger-ui.css.map"]
)
async def test_no_other_file_is_served(name: str, api: KeyedApi) -> None:
    answer = await api.call(None, f"GET /docs/{name}")
    assert answer.status_code in (404, 422)
