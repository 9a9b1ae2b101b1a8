"""Tokens that a production UI passes: only those made for us are believed."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from codec.server.tokens import (
    LARGEST_KEYS,
    SigningKeys,
    SigningKeysError,
    TokenError,
    TokenRule,
)
from tests.codec.issuing import AUDIENCE, ISSUER, Issuer
from tests.codec.keys import Clocks
from tests.codec.serving import CANARY, Codec, a_server, data_of, settings_in
from tests.endless import BUFFERED, EndlessServer


@pytest.fixture
async def production(
    folder: Path, token_settings: dict[str, str]
) -> AsyncIterator[Codec]:
    async with a_server(settings_in(folder, **token_settings)) as server:
        yield server


async def shown(codec: Codec, token: str) -> httpx.Response:
    return await codec.decode(await codec.secret(), Authorization=f"Bearer {token}")


@pytest.mark.parametrize("kind", ["token", "ec_token"])
async def test_a_good_token_shows_clear_text(
    production: Codec, issuer: Issuer, kind: str
) -> None:
    token = getattr(issuer, kind)()
    assert CANARY.encode() in data_of(await shown(production, token))[0]


async def test_an_audience_in_a_list_is_good(production: Codec, issuer: Issuer) -> None:
    token = issuer.token(aud=["other", AUDIENCE])
    assert data_of(await shown(production, token))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"nbf": int(time.time()) + 24 * 3600}, "not valid"),
        ({"aud": "another"}, "another audience"),
        ({"aud": None}, "not valid"),
        ({"iss": "https://evil.example/"}, "another issuer"),
        ({"iss": None}, "not valid"),
        ({"exp": None}, "not valid"),
        ({"sub": None}, "not valid"),
    ],
)
async def test_a_token_of_others_shows_nothing(
    production: Codec, issuer: Issuer, changes: dict[str, Any], why: str
) -> None:
    answer = await shown(production, issuer.token(**changes))
    assert answer.status_code == 401
    assert why in answer.json()["message"]
    assert CANARY not in answer.text


async def test_a_token_without_signature_shows_nothing(
    production: Codec, issuer: Issuer
) -> None:
    for kid in ("rsa", "ec"):
        token = unsigned({"alg": "none", "kid": kid}, issuer.claims()) + "."
        assert (await shown(production, token)).status_code == 401


async def test_a_public_key_is_no_shared_secret(
    production: Codec, issuer: Issuer
) -> None:
    # HS256 with the public key as its secret: who verifies by the token's word is had.
    head = unsigned({"alg": "HS256", "kid": "rsa"}, issuer.claims())
    mac = hmac.new(issuer.public_pem(), head.encode(), hashlib.sha256).digest()
    answer = await shown(production, f"{head}.{b64(mac)}")
    assert answer.status_code == 401
    assert "RS256 or ES256" in answer.json()["message"]


@pytest.mark.parametrize(("algorithm", "kid"), [("RS256", "ec"), ("ES256", "rsa")])
async def test_a_key_verifies_its_own_algorithm_only(
    production: Codec, issuer: Issuer, algorithm: str, kid: str
) -> None:
    key = issuer.rsa if algorithm == "RS256" else issuer.ec
    token = jwt.encode(issuer.claims(), key, algorithm, headers={"kid": kid})
    assert (await shown(production, token)).status_code == 401


async def test_a_token_of_another_key_of_the_same_name_shows_nothing(
    production: Codec, issuer: Issuer
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(issuer.claims(), key, "RS256", headers={"kid": "rsa"})
    assert (await shown(production, token)).status_code == 401


async def test_a_changed_claim_is_noticed(production: Codec, issuer: Issuer) -> None:
    head, _, signature = issuer.token().split(".")
    claims = b64(json.dumps(issuer.claims(sub="mallory")).encode())
    answer = await shown(production, f"{head}.{claims}.{signature}")
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 20_000, "e30.e30.e30"])
async def test_what_is_no_token_shows_nothing(production: Codec, token: str) -> None:
    assert (await shown(production, token)).status_code == 401


async def test_a_token_must_name_its_key(production: Codec, issuer: Issuer) -> None:
    token = jwt.encode(issuer.claims(), issuer.rsa, "RS256")
    assert (await shown(production, token)).status_code == 401


async def test_a_claim_that_is_asked_for_must_be_there(
    folder: Path, issuer: Issuer, token_settings: dict[str, str]
) -> None:
    settings = settings_in(folder, **token_settings, token_claim="role=operator")
    async with a_server(settings) as codec:
        for role in ("operator", ["other", "operator"]):
            assert (await shown(codec, issuer.token(role=role))).status_code == 200
        for wrong in ("operators", ["other"], None, {"operator": 1}, 5):
            answer = await shown(codec, issuer.token(role=wrong))
            assert answer.status_code == 401
            assert "lacks the claim role" in answer.json()["message"]


async def test_a_bad_token_is_not_made_good_by_a_session(
    production: Codec, issuer: Issuer
) -> None:
    await production.log_in()
    expired = issuer.token(exp=int(time.time()) - 60)
    assert (await shown(production, expired)).status_code == 401


async def test_a_server_without_token_settings_takes_no_token(
    codec: Codec, issuer: Issuer
) -> None:
    assert (await shown(codec, issuer.token())).status_code == 401


class KeyServer:
    """Publishes an issuer's keys, and counts who asks."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.status = 200
        self.asked = 0

    def answer(self, _: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(self.status, text=self.content)


def fetched(server: KeyServer, clocks: Clocks) -> TokenRule:
    keys = SigningKeys(
        url="https://login.example/keys",
        transport=httpx.MockTransport(server.answer),
        monotonic=clocks.monotonic,
    )
    return TokenRule(keys, issuer=ISSUER, audience=AUDIENCE)


async def test_the_issuers_keys_are_fetched_once_and_again_after_a_while(
    issuer: Issuer,
) -> None:
    server, clocks = KeyServer(issuer.jwks()), Clocks()
    rule = fetched(server, clocks)
    for _ in range(3):
        assert await rule.subject(issuer.token()) == "olga"
    assert server.asked == 1
    clocks.move(600)
    await rule.subject(issuer.token())
    assert server.asked == 2


async def test_unknown_keys_have_the_issuer_asked_once_a_minute_at_most(
    issuer: Issuer,
) -> None:
    server, clocks = KeyServer(issuer.jwks()), Clocks()
    rule = fetched(server, clocks)
    await rule.subject(issuer.token())
    token = jwt.encode(issuer.claims(), issuer.rsa, "RS256", headers={"kid": "new"})
    for _ in range(5):
        with pytest.raises(TokenError, match="unknown key"):
            await rule.subject(token)
    assert server.asked == 1
    clocks.move(60)
    server.content = issuer.jwks().replace('"kid": "rsa"', '"kid": "new"')
    assert await rule.subject(token) == "olga"
    assert server.asked == 2


async def test_an_issuer_that_is_away_is_said_and_asked_again_later(
    issuer: Issuer,
) -> None:
    server, clocks = KeyServer(issuer.jwks()), Clocks()
    server.status = 503
    rule = fetched(server, clocks)
    for _ in range(2):
        with pytest.raises(SigningKeysError, match="cannot be fetched"):
            await rule.subject(issuer.token())
    assert server.asked == 1
    server.status = 200
    clocks.move(60)
    assert await rule.subject(issuer.token()) == "olga"


async def test_keys_at_hand_are_good_while_the_issuer_is_away(issuer: Issuer) -> None:
    server, clocks = KeyServer(issuer.jwks()), Clocks()
    rule = fetched(server, clocks)
    await rule.subject(issuer.token())
    server.content = "<html>"
    clocks.move(600)
    assert await rule.subject(issuer.token()) == "olga"


def unsigned(header: dict[str, str], claims: dict[str, Any]) -> str:
    return ".".join(b64(json.dumps(part).encode()) for part in (header, claims))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


async def test_keys_that_do_not_end_are_left_soon(
    issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    async with EndlessServer(b"HTTP/1.1 200 OK\r\n").listening() as server:
        keys = SigningKeys.of_url(f"http://127.0.0.1:{server.port}/keys")
        rule = TokenRule(keys, issuer=ISSUER, audience=AUDIENCE)
        with pytest.raises(SigningKeysError):
            await rule.subject(issuer.token())
        await server.hung_up.wait()
    assert server.sent < BUFFERED
    assert f"larger than {LARGEST_KEYS} bytes" in caplog.text
