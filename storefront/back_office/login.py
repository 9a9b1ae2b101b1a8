"""The login of the back office, by name and password, with a session in a cookie."""

import asyncio
import logging
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from storefront.back_office.sessions import LIFE_SECONDS, Session, Sessions
from storefront.back_office.throttle import Throttle, TooManyFailuresError
from storefront.pages.rendering import page
from storefront.settings import StorefrontSettings
from storefront.staff import (
    LONGEST_PASSWORD,
    PasswordHash,
    nobodys_hash,
    read_staff,
)
from storefront.visits import Visit

log = logging.getLogger(__name__)

HOME: Final = "/back-office"
COOKIE: Final = "back-office"
LONGEST_NAME = 64
# Each hash takes 16 MiB, and a processor for a moment.
PASSWORDS_AT_ONCE = 2


class LoginNeededError(Exception):
    """A page of the back office was requested without a login."""


class Login:
    """Logs staff in and out, and identifies them."""

    def __init__(
        self, settings: StorefrontSettings, sessions: Sessions, throttle: Throttle
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._throttle = throttle
        self._hashing = asyncio.Semaphore(PASSWORDS_AT_ONCE)
        self.router = APIRouter(prefix=HOME)
        self.router.get("/login")(self.show)
        self.router.post("/login")(self.log_in)
        self.router.post("/logout")(self.log_out)

    async def member(self, request: Request) -> str:
        """Return the name of the staff member; a dependency that protects pages.

        Raises:
            LoginNeededError: There is no session, or it has ended.
        """
        session = self._session(request)
        if session is None:
            raise LoginNeededError
        return session.name

    async def show(self, request: Request) -> Response:
        """Show the form, or the back office to staff with a session."""
        if self._session(request):
            return RedirectResponse(HOME, 303)
        return self._page(request)

    async def log_in(
        self,
        request: Request,
        name: Annotated[str, Form(max_length=LONGEST_NAME)] = "",
        password: Annotated[str, Form(max_length=LONGEST_PASSWORD)] = "",
    ) -> Response:
        """Begin a session; security.py rejects forms that other sites send."""
        name = name.strip()
        by = {"member": name}
        address = request.client.host if request.client else ""
        try:
            self._throttle.take(address)
        except TooManyFailuresError as error:
            log.warning("login rejected: too many failed logins", extra=by)
            answer = self._page(request, "later", 429, seconds=error.seconds)
            answer.headers["Retry-After"] = str(error.seconds)
            return answer
        hashed = self._staff().get(name)
        is_right = await self._is_password(password, hashed or nobodys_hash())
        if hashed is None or not is_right:
            log.warning("login failed", extra=by)
            return self._page(request, "wrong", 401)
        self._throttle.succeeded(address)
        log.info("logged in", extra=by)
        return self._welcome(name, hashed)

    async def log_out(self, request: Request) -> Response:
        self._sessions.end(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse(f"{HOME}/login", 303)
        answer.delete_cookie(
            COOKIE,
            path=HOME,
            secure=self._settings.is_secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    def _welcome(self, name: str, hashed: PasswordHash) -> Response:
        answer = RedirectResponse(HOME, 303)
        answer.set_cookie(
            COOKIE,
            self._sessions.begin(name, hashed),
            max_age=LIFE_SECONDS,
            path=HOME,
            secure=self._settings.is_secure,
            httponly=True,
            samesite="strict",
        )
        return answer

    async def _is_password(self, password: str, hashed: PasswordHash) -> bool:
        async with self._hashing:
            return await asyncio.to_thread(hashed.is_of, password)

    def _session(self, request: Request) -> Session | None:
        session = self._sessions.of(request.cookies.get(COOKIE, ""))
        # Staff who were removed, or have a new password, are logged out.
        if session is None or self._staff().get(session.name) != session.hashed:
            return None
        return session

    def _staff(self) -> dict[str, PasswordHash]:
        """Read the file again, so that changes apply at once.

        If it can no longer be read, nobody can log in.
        """
        file = self._settings.staff_file
        try:
            return read_staff(file) if file else {}
        except ValueError as error:
            log.error("staff file cannot be read: %s", error)
            return {}

    def _page(
        self,
        request: Request,
        problem: str = "",
        status: int = 200,
        *,
        seconds: int = 0,
    ) -> Response:
        return page(
            "back_office/login.html",
            Visit.of(request),
            http_status=status,
            problem=problem,
            seconds=seconds,
        )
