"""One line, and one measurement, for each HTTP call that a server has answered."""

import ipaddress
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Called every few seconds by health probes; nobody needs these lines.
UNTOLD: Final = ("/health/live", "/health/ready")
NO_ROUTE: Final = "unknown"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """One answered call.

    Attributes:
        method: The HTTP method, or `other`.
        route: The route's template, `/payments/{order_id}`, never the path: it may
            contain a customer's token. `unknown` where no route matched.
        status: The HTTP status; 500 where the application failed.
        seconds: From the call's arrival to its last byte.
        peer: The address of the caller, or of the proxy in front.
        order_id: The order, where the path or the application has named it.
        noted: Further fields that the application has set in `request.state`.
    """

    method: str
    route: str
    status: int
    seconds: float
    peer: str | None = None
    order_id: str | None = None
    noted: dict[str, Any] = field(default_factory=dict)


def log_call(call: Call) -> None:
    level = logging.DEBUG if call.route in UNTOLD else logging.INFO
    fields: dict[str, object] = {
        "method": call.method,
        "route": call.route,
        "status": call.status,
        "milliseconds": round(call.seconds * 1000, 1),
    }
    if call.order_id:
        fields["order_id"] = call.order_id
    log.log(level, "call answered", extra=fields)


class AccessLog:
    """Logs each answered call, and passes it on to the metrics."""

    def __init__(
        self, app: ASGIApp, *, measure: Callable[[Call], None] = lambda _: None
    ) -> None:
        self._app = app
        self._measure = measure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, perf_counter()

        async def noting_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        finally:
            call = _call(scope, status, perf_counter() - began)
            log_call(call)
            self._measure(call)


def _call(scope: Scope, status: int, seconds: float) -> Call:
    method = scope["method"]
    noted = dict(scope.get("state") or {})
    named = (scope.get("path_params") or {}).get("order_id") or noted.get("order_id")
    return Call(
        method=method if method in METHODS else "other",
        # The router sets it in this same dictionary, once it has found a route.
        route=getattr(scope.get("route"), "path", NO_ROUTE),
        status=status,
        seconds=seconds,
        peer=_peer(scope),
        order_id=_order_id(named),
        noted=noted,
    )


def _peer(scope: Scope) -> str | None:
    """Return the address if it is valid: a proxy's header may contain anything."""
    host, _ = scope.get("client") or ("", 0)
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _order_id(named: object) -> str | None:
    """Return the order id if it is valid: the caller chooses the path."""
    is_id = isinstance(named, str) and re.fullmatch(r"[A-Za-z0-9_-]{1,60}", named)
    return str(named) if is_id else None
