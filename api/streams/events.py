"""`GET /payments/{order_id}/events`: each change of a payment as an event.

Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
Each event is the whole state, so a viewer that has missed some needs only the newest;
the id of a state is its digest, so any process can compare it.
"""

import time
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.types import Receive, Scope, Send

from api.bodies import OrderIdInPath
from api.callers.scopes import MAY_FOLLOW
from api.streams.watching import PaymentWatch, Snapshot, WatchedPayment

router = APIRouter(prefix="/payments", tags=["payments"])

# Proxies close silent connections after 30 to 60 s.
KEEPALIVE_SECONDS: Final = 15.0
# A comment without a blank line after it, which some clients would read as an event.
KEEPALIVE: Final = b": ping\n"
# Then the client reconnects, perhaps to another process: this spreads load, and ends
# connections that a proxy has left open.
LONGEST_STREAM_SECONDS: Final = 3600.0
# After how many milliseconds a client reconnects; longer than a restart takes.
RETRY_MILLISECONDS: Final = 2000
# nginx and compatible proxies would hold events until they fill a buffer.
UNBUFFERED: Final = {"X-Accel-Buffering": "no"}


class PaymentEvents(StreamingResponse):
    """The stream of one viewer; always releases its watch at the end.

    FastAPI's own EventSourceResponse has a task and a queue for each stream, and starts
    before a route can answer 404.
    """

    media_type = "text/event-stream"

    def __init__(
        self, watch: PaymentWatch, order_id: str, stream: AsyncIterator[bytes]
    ) -> None:
        super().__init__(stream, headers=UNBUFFERED)
        self._watch = watch
        self._order_id = order_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._watch.leave(self._order_id)


@router.get(
    "/{order_id}/events",
    dependencies=[MAY_FOLLOW],
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
            "description": "Events named `payment`, with the same data as GET",
        }
    },
)
async def follow_payment(
    order_id: OrderIdInPath,
    request: Request,
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
) -> PaymentEvents:
    """Stream the payment's state: now, and within a second of each change.

    The first event comes at once, unless `Last-Event-ID` is the id of the current
    state. The stream continues after the payment's end, because money may come late.
    """
    watch: PaymentWatch = request.app.state.watch
    watched = watch.join(order_id)
    try:
        await watched.newest()
    except BaseException:
        watch.leave(order_id)
        raise
    return PaymentEvents(watch, order_id, _stream(watch, watched, last_event_id))


async def _stream(
    watch: PaymentWatch, watched: WatchedPayment, seen: str | None
) -> AsyncIterator[bytes]:
    # At once, so that the client knows that it is connected.
    yield KEEPALIVE
    ends = time.monotonic() + LONGEST_STREAM_SECONDS
    while not watch.is_closing and time.monotonic() < ends:
        snapshot = await watched.other_than(seen, within=KEEPALIVE_SECONDS)
        if snapshot:
            seen = snapshot.id
            yield _event(snapshot)
        else:
            yield KEEPALIVE


def _event(snapshot: Snapshot) -> bytes:
    # `retry` alone would be an empty event for some clients.
    return format_sse_event(
        event="payment",
        id=snapshot.id,
        retry=RETRY_MILLISECONDS,
        data_str=snapshot.text,
    )
