"""`/codec/decode` and `/codec/encode`: clear text for who may read it only."""

from pathlib import Path

import httpx
import pytest
from temporalio.api.common.v1 import Payload

from codec.server.coding import LARGEST_BODY
from tests.codec.keys import NEW, a_payload
from tests.codec.serving import CANARY, UI, URL, Codec, as_json, data_of, settings_in


async def test_without_a_login_there_is_no_clear_text(codec: Codec) -> None:
    for what in ("decode", "encode"):
        answer = await codec.ask(what, await codec.secret())
        assert answer.status_code == 401
        assert set(answer.json()) == {"message"}
        assert f"log in at {URL}/login" in answer.json()["message"]
        assert CANARY not in answer.text


async def test_after_the_login_the_ui_gets_clear_text(codec: Codec) -> None:
    await codec.log_in()
    answer = await codec.decode(await codec.secret(), await codec.secret())
    assert data_of(answer) == [f'{{"email":"{CANARY}"}}'.encode()] * 2
    assert answer.headers["cache-control"] == "no-store"


async def test_what_is_encoded_is_decoded_to_the_same(codec: Codec) -> None:
    await codec.log_in()
    encoded = await codec.ask("encode", a_payload(b"1"), a_payload(b"2"))
    assert CANARY not in encoded.text
    sent = encoded.json()["payloads"]
    assert all(set(one["metadata"]) > {"encryption-key-id"} for one in sent)
    texts = [Payload(data=data) for data in data_of(encoded)]
    for text, one in zip(texts, sent, strict=True):
        assert text.data
        assert one["data"]
    decoded = await codec.http.post("/codec/decode", content=encoded.content)
    assert data_of(decoded) == [b"1", b"2"]


async def test_what_is_not_encrypted_comes_back_as_it_was(codec: Codec) -> None:
    await codec.log_in()
    assert data_of(await codec.decode(a_payload(b"clear"))) == [b"clear"]


async def test_no_payloads_are_decoded_to_none(codec: Codec) -> None:
    await codec.log_in()
    for body in ("{}", '{"payloads":[]}'):
        answer = await codec.http.post("/codec/decode", content=body)
        assert answer.json() == {}


async def test_a_missing_key_is_named(codec: Codec) -> None:
    await codec.log_in()
    secret = await codec.secret()
    secret.metadata["encryption-key-id"] = NEW.encode()
    answer = await codec.decode(secret)
    assert answer.status_code == 422
    assert f"no payload key '{NEW}'" in answer.json()["message"]


async def test_a_changed_payload_is_refused(codec: Codec) -> None:
    await codec.log_in()
    secret = await codec.secret()
    secret.data = secret.data[:-1] + bytes([secret.data[-1] ^ 1])
    answer = await codec.decode(await codec.secret(), secret)
    assert answer.status_code == 422
    assert "was changed" in answer.json()["message"]
    assert CANARY not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'{"payloads":5}',
        b'{"payloads":[{"data":"not base 64 of canary"}]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"payloads":' * 10_000,
    ],
)
async def test_a_body_that_holds_no_payloads_is_refused(
    codec: Codec, body: bytes
) -> None:
    await codec.log_in()
    answer = await codec.http.post("/codec/decode", content=body)
    assert answer.status_code == 400
    assert "payloads" in answer.json()["message"]
    assert "canary" not in answer.text


async def test_a_body_too_large_is_refused(codec: Codec) -> None:
    await codec.log_in()
    answer = await codec.http.post("/codec/decode", content=b" " * (LARGEST_BODY + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("what", ["encode", "decode"])
async def test_the_browser_is_told_that_the_ui_may_ask(codec: Codec, what: str) -> None:
    asked = ("authorization", "authorization-extras", "content-type", "x-namespace")
    answer = await preflight(codec, what, UI, ",".join(asked))
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == UI
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert set(asked) <= set(allowed)
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:8234",
        "http://127.0.0.1:82330",
        "http://localhost:8234",
        "http://localhost.evil.example:8233",
        "https://127.0.0.1:8233",
        "http://127.0.0.1:8233.evil.example",
        "null",
        "",
    ],
)
async def test_another_page_may_not_ask(codec: Codec, origin: str) -> None:
    await codec.log_in()
    asked = await preflight(codec, "decode", origin, "content-type")
    answer = await codec.decode(await codec.secret(), Origin=origin)
    assert asked.status_code == 400
    assert answer.status_code == 403
    assert CANARY not in answer.text
    for one in (asked, answer):
        assert "access-control-allow-origin" not in one.headers


@pytest.mark.parametrize("origin", [UI, "http://localhost:8233"])
async def test_a_local_ui_may_ask_by_both_of_its_names(
    codec: Codec, origin: str
) -> None:
    await codec.log_in()
    asked = await preflight(codec, "decode", origin, "content-type")
    answer = await codec.decode(await codec.secret(), Origin=origin)
    assert data_of(answer)
    for one in (asked, answer):
        assert one.headers["access-control-allow-origin"] == origin


def test_a_ui_elsewhere_has_one_name(folder: Path) -> None:
    settings = settings_in(folder, ui_origins="https://ui.example")
    assert settings.pages_of_ui == ("https://ui.example",)


async def test_a_local_ui_by_the_other_name_is_told_why_its_cookie_is_missing(
    codec: Codec,
) -> None:
    answer = await codec.decode(await codec.secret(), Origin="http://localhost:8233")
    assert answer.status_code == 401
    assert "127.0.0.1 and not localhost" in answer.json()["message"]


async def test_the_ui_on_the_internet_may_ask_a_server_in_a_private_network(
    codec: Codec,
) -> None:
    wish = {"Access-Control-Request-Private-Network": "true"}
    allowed = "access-control-allow-private-network"
    asked = await preflight(codec, "decode", UI, "content-type", **wish)
    assert asked.status_code == 200
    assert asked.headers[allowed] == "true"
    without = await preflight(codec, "decode", UI, "content-type")
    assert allowed not in without.headers
    other = await preflight(codec, "decode", "https://evil.example", "", **wish)
    assert other.status_code == 400
    assert allowed not in other.headers


async def test_the_ui_can_read_why_it_was_refused(codec: Codec) -> None:
    answer = await codec.decode(await codec.secret())
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == UI


async def test_a_program_without_origin_is_let_in_with_its_cookie(codec: Codec) -> None:
    await codec.log_in()
    body = as_json(await codec.secret())
    assert data_of(await codec.http.post("/codec/decode", content=body))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_only_posts_are_answered(codec: Codec, method: str) -> None:
    await codec.log_in()
    assert (await codec.http.request(method, "/codec/decode")).status_code == 405


async def test_who_read_is_logged_and_nothing_of_what(
    codec: Codec, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        await codec.log_in()
        await codec.decode(await codec.secret())
    [record] = [one for one in caplog.records if one.message == "payloads decoded"]
    assert vars(record)["reader"] == "olga"
    assert CANARY not in str([vars(one) for one in caplog.records])


async def test_the_server_says_that_it_lives(codec: Codec) -> None:
    assert (await codec.http.get("/health/live")).json() == {"status": "live"}


async def preflight(
    codec: Codec, what: str, origin: str, headers: str, **more: str
) -> httpx.Response:
    return await codec.http.options(
        f"/codec/{what}",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": headers,
            **more,
        },
    )
