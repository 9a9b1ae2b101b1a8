"""Who may call which route: a route names the scope that its callers' keys need."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from api.callers.authentication import Caller, Callers
from api.callers.keys import Scope

_bearer = HTTPBearer(
    auto_error=False, description="An API key, as `cashier api-keys new` makes them"
)


async def admitted(
    request: Request,
    needed: SecurityScopes,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Let a call pass if its key has the route's scope, and is not used too often.

    Raises:
        Refusal: 401, 403 or 429.
    """
    callers: Callers = request.app.state.callers
    [scope] = needed.scopes
    given = credentials.credentials if credentials else None
    return callers.admit(given, Scope(scope))


# What a route depends on; as a parameter, `Annotated[Caller, MAY_READ]` says who calls.
MAY_START: Final = Security(admitted, scopes=[Scope.START])
MAY_READ: Final = Security(admitted, scopes=[Scope.READ])
MAY_CANCEL: Final = Security(admitted, scopes=[Scope.CANCEL])
MAY_REFUND: Final = Security(admitted, scopes=[Scope.REFUND])


async def _following(caller: Annotated[Caller, MAY_READ]) -> AsyncIterator[Caller]:
    """Hold one of the caller's places for a stream until its last byte is sent.

    Raises:
        Refusal: 429 where all places are taken, besides those of MAY_READ.
    """
    with caller.streaming():
        yield caller


# In place of MAY_READ, for a route that answers with a stream of events.
MAY_FOLLOW: Final = Depends(_following)
