"""Authorizes requests: by an operator's session or a token, and by their origin."""

import logging
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from codec.server.operators import Operators, OperatorsError
from codec.server.sessions import Session, Sessions
from codec.server.settings import OTHER_NAME, CodecSettings
from codec.server.tokens import SigningKeysError, TokenError, TokenRule

logger = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request is refused; the message is for the caller and contains no data."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def answer(self) -> Response:
        return JSONResponse({"message": str(self)}, self.status)


class Access:
    """Decides who may read payloads."""

    def __init__(
        self, settings: CodecSettings, sessions: Sessions, rule: TokenRule | None
    ) -> None:
        self._operators: Operators | None = settings.operators
        self._sessions = sessions
        self._rule = rule
        self._url = settings.url
        self._own_origins = settings.own_origins
        self._pages_of_ui = settings.pages_of_ui
        # Browsers accept this prefix only for cookies of this host, over https.
        self.is_secure = settings.url.startswith("https://")
        self.cookie = "__Host-cashier-codec" if self.is_secure else "cashier-codec"

    def session(self, request: Request) -> Session | None:
        """Return the session of the request's cookie, if it is still valid."""
        secret = request.cookies.get(self.cookie)
        session = self._sessions.of(secret) if secret else None
        if session is None or self._operators is None:
            return None
        try:
            known = self._operators.hash_of(session.name)
        except OperatorsError as error:
            logger.error("the operators cannot be read: %s", error)
            return None
        # A removed operator, or one with a new password, is logged out.
        return session if known == session.password_hash else None

    async def reader(self, request: Request) -> str:
        """Return the name of the caller, for the log.

        Raises:
            RefusedError: 401 without a session or a token, 503 where a token
                cannot be verified right now.
        """
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if self._rule and kind.lower() == "bearer":
            try:
                return await self._rule.subject(token.strip())
            except TokenError as error:
                raise RefusedError(401, f"{error}; sign in to the UI again") from None
            except SigningKeysError as error:
                raise RefusedError(503, f"{error}; try again in a minute") from None
        if session := self.session(request):
            return session.name
        raise RefusedError(401, self._how_to_be_let_in(request))

    def _how_to_be_let_in(self, request: Request) -> str:
        if self._operators is None:
            return "these payloads are encrypted: the UI must pass a valid token"
        page = urlsplit(request.headers.get("origin", "")).hostname
        if page in OTHER_NAME and OTHER_NAME[page] == request.url.hostname:
            # For a browser these are two sites, and the cookie is for one of them.
            return (
                "these payloads are encrypted: open the UI with the host name of this "
                "server, "
                f"{request.url.hostname} and not {page}, or the browser does not send "
                "the cookie"
            )
        return (
            f"these payloads are encrypted: log in at {self._url}/login, and let the "
            "UI send cookies (that page explains how)"
        )

    def check_origin(self, request: Request, *, of_ui: bool) -> None:
        """Reject requests from other pages: the browser would send the cookie too.

        Cookies do not distinguish ports, so any page of this machine is same-site.
        Programs send no origin.

        Raises:
            RefusedError: 403 for an origin other than ours, or the UI's where allowed.
        """
        origins = {*self._own_origins, *(self._pages_of_ui if of_ui else ())}
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() not in origins:
            raise RefusedError(
                403, f"requests from this page are refused; open {self._url}/login"
            )
