"""Every answer tells browsers to do nothing with it, whoever made it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from api.limits import LARGEST_BODY
from tests.api.keyed import KeyedApi, keyed_api
from tests.api.running import API_KEY

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


@pytest.fixture
async def api(tmp_path: Path, alipay_key: RSAPrivateKey) -> AsyncIterator[KeyedApi]:
    async with keyed_api(tmp_path, alipay_key) as api:
        yield api


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ("GET /wallets", 200),
        ("GET /health/live", 200),
        ("GET /openapi.json", 200),
        ("GET /nowhere", 404),
        ("GET /redoc", 404),
        ("PUT /wallets", 405),
        ("GET /payments/a%20b", 422),
        ("GET /broken", 500),
    ],
)
async def test_an_answer_can_be_neither_framed_nor_kept_nor_run(
    call: str, status: int, api: KeyedApi
) -> None:
    @api.app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a bug")

    answer = await api.call(API_KEY, call)
    assert answer.status_code == status
    assert HEADERS.items() <= dict(answer.headers).items()
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; frame-ancestors 'none'"
    )


async def test_what_is_refused_bears_them_too(api: KeyedApi) -> None:
    for answer in (
        await api.call(None),
        await api.call(None, "POST /payments", content=b"x" * (LARGEST_BODY + 1)),
    ):
        assert answer.status_code in (401, 413)
        assert HEADERS.items() <= dict(answer.headers).items()


async def test_a_defect_of_ours_is_a_problem_document(api: KeyedApi) -> None:
    @api.app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("a bug that names a customer")

    answer = await api.call(None, "GET /broken")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "status": 500,
        "code": "FAILED",
        "detail": "this is a bug in this service",
    }
