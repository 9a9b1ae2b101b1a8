"""Who may call: storefronts with the key from the settings."""

import secrets
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.problems import Problem

_bearer = HTTPBearer(auto_error=False, description="The storefront's API key")


def require_api_key(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> None:
    """Let a call pass only with the API key, compared in constant time.

    Raises:
        Problem: 401 without it.
    """
    given = credentials.credentials if credentials else ""
    expected: str = request.app.state.api_key
    if not secrets.compare_digest(given.encode(), expected.encode()):
        raise Problem(
            401,
            "UNAUTHORIZED",
            "this call needs the header `Authorization: Bearer <API key>`",
            headers={"WWW-Authenticate": "Bearer"},
        )
