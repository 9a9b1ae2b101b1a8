"""The server of all our applications: uvicorn, with limits on requests."""

import asyncio
import sys
from contextlib import suppress
from enum import Enum
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol
from uvicorn.server import ServerState

from http_server.bounds import Bounds, IncompleteRequests
from http_server.requests import Requests

# The exit code of uvicorn's own command.
NOT_STARTED = 3


class ServerConfig(uvicorn.Config):
    """The settings of uvicorn: only errors in its own log, and the limits."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        grace_seconds: int | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        """Configure the application and its address.

        Args:
            app: The application.
            host: The address to listen on.
            port: The port to listen on; 0 for any.
            grace_seconds: How long calls in flight may take when the server stops; None
                for no limit.
            bounds: The limits on incoming requests; None for the defaults.
        """
        self.bounds = bounds or Bounds()
        self.incomplete = IncompleteRequests(self.bounds.most_incomplete)
        super().__init__(
            app,
            host=host,
            port=port,
            http=BoundedConnection,
            ws="none",
            # Our own JSON log; telemetry/access.py logs each call.
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=grace_seconds,
        )


class _Awaited(Enum):
    """What a connection waits for."""

    HEADERS = "late_headers"
    BODY = "late_body"


class BoundedConnection(H11Protocol):
    """Ends a request that does not arrive in time with 408, and hangs up."""

    def __init__(
        self,
        config: ServerConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = config.bounds
        self._incomplete = config.incomplete
        self.conn = self._requests = Requests(config.bounds.largest_head)
        # The awaited thing and its request: the next request has its own time.
        self._awaited: tuple[_Awaited, object] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def handle_events(self) -> None:
        super().handle_events()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._await(None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._requests.refusal_status, msg)

    def displace(self) -> None:
        """End the request, to make room for a newer one."""
        self._end("displaced")

    def _watch(self) -> None:
        """Restart the timer for the thing that the connection now waits for."""
        awaited = None if self.transport.is_closing() else self._find_awaited()
        self._await((awaited, self.cycle) if awaited else None)

    def _find_awaited(self) -> _Awaited | None:
        if self.conn.their_state is h11.SEND_BODY:
            return _Awaited.BODY
        if self.conn.their_state is not h11.IDLE:
            return None
        # uvicorn itself closes idle connections, after 5 s.
        is_between = self._requests.has_begun and not self.conn.trailing_data[0]
        return None if is_between else _Awaited.HEADERS

    def _await(self, awaited: tuple[_Awaited, object] | None) -> None:
        if awaited == self._awaited:
            return
        if self._timer:
            self._timer.cancel()
            self._timer = None
            self._incomplete.remove(self)
        self._awaited = awaited
        if awaited:
            seconds = {
                _Awaited.HEADERS: self._bounds.header_seconds,
                _Awaited.BODY: self._bounds.body_seconds,
            }[awaited[0]]
            self._timer = self.loop.call_later(seconds, self._end, awaited[0].value)
            self._incomplete.add(self)

    def _end(self, why: str) -> None:
        self._await(None)
        if not self._requests.has_begun and not self.conn.trailing_data[0]:
            # No request has begun, so there is no answer.
            self.transport.abort()
            return
        self._incomplete.log_ended(why)
        self._refuse(408, "The request did not arrive in time.")

    def _refuse(self, status: int, text: str) -> None:
        """Answer in place of the application, unless it has begun to, and close."""
        if self.cycle:
            # The application sees a disconnect, and its further output is dropped.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        body = b"" if self._requests.is_head else text.encode("ascii")
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(text)).encode()),
            (b"connection", b"close"),
        ]
        reason = STATUS_PHRASES[status]
        response = h11.Response(status_code=status, headers=headers, reason=reason)
        for event in (response, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def run(app: ASGIApp, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, in a process that does nothing else.

    Raises:
        SystemExit: It could not start.
    """
    server = uvicorn.Server(ServerConfig(app, host=host, port=port))
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(NOT_STARTED)
