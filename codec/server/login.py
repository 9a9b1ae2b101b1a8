"""The login page: a name and a password become a session in a cookie."""

import asyncio
import logging
from functools import cache
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from codec.server.access import Access, RefusedError
from codec.server.bodies import read_body
from codec.server.known_browsers import (
    LIFE_SECONDS as KNOWN_SECONDS,
    browser_of,
    new_mark,
)
from codec.server.operators import (
    LONGEST_PASSWORD,
    Operators,
    OperatorsError,
    hash_password,
    is_password,
    new_password,
)
from codec.server.pages import HEADERS, page
from codec.server.sessions import LIFE_SECONDS, Sessions
from codec.server.settings import CodecSettings
from codec.server.throttle import Throttle, TooManyFailuresError

logger = logging.getLogger(__name__)

LARGEST_FORM = 8 * 1024
LONGEST_NAME = 64
# Each hash needs 16 MiB and some CPU time.
PASSWORDS_AT_ONCE = 2


class Login:
    """The pages `/login` and `/logout`."""

    def __init__(
        self,
        settings: CodecSettings,
        access: Access,
        sessions: Sessions,
        operators: Operators,
        throttle: Throttle,
    ) -> None:
        self._settings = settings
        self._access = access
        self._sessions = sessions
        self._operators = operators
        self._throttle = throttle
        self._hashing = asyncio.Semaphore(PASSWORDS_AT_ONCE)
        self.router = APIRouter(include_in_schema=False)
        self.router.get("/login")(self.show)
        self.router.post("/login")(self.log_in)
        self.router.post("/logout")(self.log_out)

    async def show(self, request: Request) -> Response:
        """Show the form, or, after the login, how to set up the UI."""
        return self._page(request)

    async def log_in(self, request: Request) -> Response:
        self._access.check_origin(request, of_ui=False)
        form = await _form_of(request)
        name = form.get("name", "").strip()[:LONGEST_NAME]
        password = form.get("password", "")
        by = {"operator": name}
        try:
            hashed = self._operators.hash_of(name)
        except OperatorsError as error:
            logger.error("the operators cannot be read: %s", error)
            return self._page(request, "Logins are not possible right now.", 503)
        mark = request.cookies.get(self._known_cookie(name), "")
        browser = browser_of(mark, name, hashed)
        address = request.client.host if request.client else ""
        try:
            self._throttle.take(name, address=address, browser=browser)
        except TooManyFailuresError as error:
            logger.warning("login not tried: too many failed", extra=by)
            answer = self._page(request, _later(error), 429)
            answer.headers["Retry-After"] = str(error.seconds)
            return answer
        if not await self._is_password(password, hashed):
            logger.warning("login failed", extra=by)
            return self._page(request, "Name or password is wrong.", 401)
        self._throttle.succeeded(name, address=address, browser=browser)
        logger.info("logged in", extra=by)
        return self._welcome(name, hashed or "", mark if browser else "")

    def _welcome(self, name: str, hashed: str, mark: str) -> Response:
        """Begin a session, and mark the browser as known."""
        answer = RedirectResponse("/login", 303, HEADERS)
        for cookie, value, seconds in (
            (self._access.cookie, self._sessions.begin(name, hashed), LIFE_SECONDS),
            (self._known_cookie(name), mark or new_mark(name, hashed), KNOWN_SECONDS),
        ):
            answer.set_cookie(
                cookie,
                value,
                max_age=seconds,
                secure=self._access.is_secure,
                httponly=True,
                samesite="strict",
            )
        return answer

    def _known_cookie(self, name: str) -> str:
        """Return the name of the cookie of a known browser, one for each operator."""
        return f"{self._access.cookie}-known-{name}"

    async def log_out(self, request: Request) -> Response:
        self._access.check_origin(request, of_ui=False)
        session = self._sessions.end(request.cookies.get(self._access.cookie, ""))
        if session:
            logger.info("logged out", extra={"operator": session.name})
        answer = RedirectResponse("/login", 303, HEADERS)
        answer.delete_cookie(
            self._access.cookie,
            secure=self._access.is_secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def _is_password(self, password: str, hashed: str | None) -> bool:
        async with self._hashing:
            is_right = await asyncio.to_thread(
                is_password, password[:LONGEST_PASSWORD], hashed or _nobodys_hash()
            )
        return is_right and hashed is not None

    def _page(self, request: Request, problem: str = "", status: int = 200) -> Response:
        session = self._access.session(request)
        return page(
            "login.html",
            status=status,
            problem=problem,
            operator=session.name if session else "",
            ui_url=self._settings.ui_origins[0],
            codec_url=f"{self._settings.url}/codec",
            hours=LIFE_SECONDS // 3600,
        )


@cache
def _nobodys_hash() -> str:
    """The hash for unknown names, so that their comparison takes as long."""
    return hash_password(new_password())


async def _form_of(request: Request) -> dict[str, str]:
    """Return the form's fields; of repeated fields, the first."""
    body = await read_body(request, LARGEST_FORM)
    try:
        fields = parse_qs(body.decode(), max_num_fields=8)
    except ValueError:
        raise RefusedError(400, "the body must be the form of the login page") from None
    return {name: values[0] for name, values in fields.items()}


def _later(error: TooManyFailuresError) -> str:
    unit = "second" if error.seconds == 1 else "seconds"
    return f"Too many failed logins. Try again in {error.seconds} {unit}."
