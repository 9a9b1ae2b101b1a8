"""The scope that each route requires of its callers' keys."""

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
    """Admit a call if its key has the route's scope and is within its limit.

    Raises:
        Refusal: 401, 403 or 429.
    """
    callers: Callers = request.app.state.callers
    [scope] = needed.scopes
    given = credentials.credentials if credentials else None
    return callers.admit(given, Scope(scope))


# Dependencies of routes; as a parameter, `Annotated[Caller, MAY_READ]` is the caller.
MAY_START: Final = Security(admitted, scopes=[Scope.START])
MAY_READ: Final = Security(admitted, scopes=[Scope.READ])
MAY_CANCEL: Final = Security(admitted, scopes=[Scope.CANCEL])
MAY_REFUND: Final = Security(admitted, scopes=[Scope.REFUND])


async def _following(caller: Annotated[Caller, MAY_READ]) -> AsyncIterator[Caller]:
    """Count one of the caller's open streams until its last byte is sent.

    Raises:
        Refusal: 429 where too many streams are open; others as MAY_READ.
    """
    with caller.streaming():
        yield caller


# Instead of MAY_READ, for a route that answers with a stream of events.
MAY_FOLLOW: Final = Depends(_following)
