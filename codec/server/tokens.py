"""Verifies the tokens that the UI of a production cluster passes on."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt

logger = logging.getLogger(__name__)

# Only algorithms with public keys: a shared secret could create tokens, and `none`
# proves nothing.
ALGORITHMS = frozenset({"RS256", "ES256"})
LONGEST_TOKEN = 16 * 1024
# Synchronized clocks differ by less.
LEEWAY_SECONDS = 30
FETCH_SECONDS = 5.0
LARGEST_KEYS = 256 * 1024
# A key that the issuer has withdrawn is accepted for so long at most.
KEYS_AGE_SECONDS = 600.0
# Tokens with invented key ids must not make us call the issuer all the time.
LEAST_PAUSE_SECONDS = 60.0


class TokenError(Exception):
    """A token is rejected; the message says why, without the token's content."""


class SigningKeysError(Exception):
    """The issuer's keys cannot be read or fetched."""


class SigningKeys:
    """The issuer's public keys (JWKS), from a file, or from a URL and cached."""

    def __init__(
        self,
        *,
        url: str | None = None,
        keys: dict[str, jwt.PyJWK] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._keys = keys or {}
        self._transport = transport
        self._monotonic = monotonic
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching = asyncio.Lock()

    @classmethod
    def of_file(cls, file: Path) -> "SigningKeys":
        """Read the keys of a file, once.

        Raises:
            SigningKeysError: It cannot be read, or has no usable key.
        """
        try:
            return cls(keys=_keys_of(file.read_bytes(), f"file {str(file)!r}"))
        except OSError as error:
            raise SigningKeysError(
                f"{str(file)!r} cannot be read: {error.strerror}"
            ) from None

    @classmethod
    def of_url(cls, url: str) -> "SigningKeys":
        """Fetch the keys when the first is needed."""
        return cls(url=url)

    async def key(self, key_id: str) -> jwt.PyJWK:
        """Return one of the issuer's keys.

        Raises:
            TokenError: The issuer has no such key.
            SigningKeysError: The issuer does not answer, and no key is cached.
        """
        if self._url and self._should_fetch(key_id):
            async with self._fetching:
                if self._should_fetch(key_id):
                    await self._fetch(self._url)
        if self._url and self._fetched_at is None:
            raise SigningKeysError("the keys of tokens cannot be fetched right now")
        try:
            return self._keys[key_id]
        except KeyError:
            raise TokenError("the token is signed with an unknown key") from None

    def _should_fetch(self, key_id: str) -> bool:
        now = self._monotonic()
        if self._tried_at is not None and now - self._tried_at < LEAST_PAUSE_SECONDS:
            return False
        if self._fetched_at is None or key_id not in self._keys:
            return True
        return now - self._fetched_at >= KEYS_AGE_SECONDS

    async def _fetch(self, url: str) -> None:
        self._tried_at = self._monotonic()
        try:
            # For the whole answer: a slow issuer must not block all callers.
            async with (
                asyncio.timeout(FETCH_SECONDS),
                httpx.AsyncClient(
                    timeout=FETCH_SECONDS, transport=self._transport
                ) as http,
            ):
                content = await _content_of(http, url)
            self._keys = _keys_of(content, url)
        except TimeoutError:
            logger.warning(
                "the keys of tokens could not be fetched from %s within %s s",
                url,
                FETCH_SECONDS,
            )
            return
        except (httpx.HTTPError, SigningKeysError) as error:
            logger.warning(
                "the keys of tokens could not be fetched from %s: %s", url, error
            )
            return
        self._fetched_at = self._monotonic()


class TokenRule:
    """Accepts tokens of one issuer, for one audience, with one claim."""

    def __init__(
        self,
        keys: SigningKeys,
        *,
        issuer: str,
        audience: str,
        claim: tuple[str, str] | None = None,
    ) -> None:
        """Set the rule.

        Args:
            keys: The issuer's public keys.
            issuer: What `iss` must be.
            audience: What must be in `aud`.
            claim: Name and value of a further claim that a token must have; if the
                claim is a list, the value must be in it.
        """
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._claim = claim

    async def subject(self, token: str) -> str:
        """Return the subject of a valid token.

        Raises:
            TokenError: It is rejected.
            SigningKeysError: The issuer's keys are not available.
        """
        if len(token) > LONGEST_TOKEN:
            raise TokenError("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise TokenError("the token is malformed") from None
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS or not isinstance(key_id, str):
            raise TokenError("the token must name a kid and RS256 or ES256")
        key = await self._keys.key(key_id)
        if key.algorithm_name != algorithm:
            raise TokenError("the token is not signed with its key's algorithm")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise TokenError("the token has expired") from None
        except jwt.InvalidAudienceError:
            raise TokenError("the token is for another audience") from None
        except jwt.InvalidIssuerError:
            raise TokenError("the token is of another issuer") from None
        except jwt.InvalidTokenError:
            raise TokenError("the token is not valid") from None
        if self._claim and not _says(claims, *self._claim):
            raise TokenError(f"the token lacks the claim {self._claim[0]}")
        return str(claims["sub"])


async def _content_of(http: httpx.AsyncClient, url: str) -> bytes:
    """Return the content of a URL, read up to the longest allowed length.

    Raises:
        SigningKeysError: It is larger than `LARGEST_KEYS` bytes.
        httpx.HTTPError: The request failed.
    """
    # A few kilobytes of a compressed answer may expand to gigabytes.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    async with http.stream("GET", url, headers=headers) as answer:
        answer.raise_for_status()
        content = bytearray()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > LARGEST_KEYS:
                raise SigningKeysError(f"it is larger than {LARGEST_KEYS} bytes")
    return bytes(content)


def _says(claims: dict[str, Any], name: str, value: str) -> bool:
    found = claims.get(name)
    return value in found if isinstance(found, list) else found == value


def _keys_of(content: bytes, where: str) -> dict[str, jwt.PyJWK]:
    """Return the usable keys of a JWKS; others are ignored.

    Raises:
        SigningKeysError: It is not a JWKS, or none of its keys is usable.
    """
    if len(content) > LARGEST_KEYS:
        raise SigningKeysError(f"{where} is larger than {LARGEST_KEYS} bytes")
    try:
        listed = json.loads(content)["keys"]
        usable = [
            key
            for key in listed
            if key.get("kty") in ("RSA", "EC")
            and key.get("alg") in (None, *ALGORITHMS)
            and key.get("crv", "P-256") == "P-256"
            and key.get("use", "sig") == "sig"
            and isinstance(key.get("kid"), str)
        ]
        keys = {key["kid"]: jwt.PyJWK.from_dict(key) for key in usable}
    except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError):
        raise SigningKeysError(f"{where} is not a JWKS") from None
    if not keys:
        raise SigningKeysError(
            f"{where} has no key for RS256 or ES256 (P-256) with a kid"
        )
    return keys
