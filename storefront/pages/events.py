"""Relays a payment's events to the browsers that show its order.

Browsers never call the API. The server renders each event as the fragment of the page,
with the API's event id.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from storefront.ordering.database import BusyError
from storefront.ordering.orders import ShopOrder
from storefront.pages.finding import Found
from storefront.pages.status import fragment_of, status_with
from storefront.payment_api.client import AwayError, RefusedError
from storefront.shop import Shop
from storefront.visits import Visit

# Pauses while the API is unavailable: short at first, as it may only be restarting.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# The API's ids are digests; a header could not pass on characters outside ASCII.
LONGEST_EVENT_ID = 64
EVENT_ID = r"^[ -~]*$"
# More than one customer's devices and tabs. The limit protects other customers, as the
# API limits the streams of a shop.
MOST_OF_ONE_ORDER = 20

Sleep = Callable[[float], Awaitable[object]]
# An event, and whether it is the last one.
Update = tuple[ServerSentEvent, bool]


class Events:
    """The stream of an order's page."""

    def __init__(
        self, shop: Shop, stopping: asyncio.Event, *, sleep: Sleep | None = None
    ) -> None:
        """Store the parts that a stream needs.

        Args:
            shop: The parts of the shop.
            stopping: Ends all streams, so that the server need not wait for them.
            sleep: Waits between connections; tests skip the time.
        """
        self._shop = shop
        self._stopping = stopping
        self._sleep = sleep or self._until_stopping
        self._open: Counter[str] = Counter()
        self.router = APIRouter(prefix="/orders/{token}")
        self.router.get(
            "/events",
            response_class=EventSourceResponse,
            dependencies=[Depends(self.place)],
        )(self.events)

    async def place(self, order: Found, request: Request) -> AsyncIterator[None]:
        """Hold one of the order's stream slots until the last byte is sent.

        Then close its stream from the API: a browser that disconnects during an event
        would otherwise leave it open for a while.
        """
        if self._open[order.token] >= MOST_OF_ONE_ORDER:
            raise HTTPException(429)
        self._open[order.token] += 1
        try:
            async with AsyncExitStack() as feed:
                request.state.feed = feed
                yield
        finally:
            self._open[order.token] -= 1
            if not self._open[order.token]:
                del self._open[order.token]

    async def events(
        self,
        order: Found,
        request: Request,
        last_event_id: Annotated[
            str, Header(max_length=LONGEST_EVENT_ID, pattern=EVENT_ID)
        ] = "",
    ) -> AsyncIterator[ServerSentEvent]:
        """Relay the API's events until the status is final or the server stops."""
        visit = Visit.of(request, market=order.market)
        feed: AsyncExitStack = request.state.feed
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            wanted = None
            try:
                async with feed:  # may be entered again
                    updates = self._listen(order, visit, last_event_id)
                    feed.push_async_callback(updates.aclose)
                    while news := await self._next(updates):
                        event, is_over = news
                        last_event_id, pause = event.id or "", FIRST_PAUSE_SECONDS
                        yield event
                        if is_over:
                            return
                # A regular end: the API restarts, or ends old streams.
                pause = FIRST_PAUSE_SECONDS
            except (RefusedError, BusyError):
                pass  # not begun or not stored yet: try again soon
            except AwayError as error:
                # No event: an unavailable API says nothing about the payment.
                wanted = error.retry_after
            await self._sleep(max(pause, wanted or 0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _next(self, updates: AsyncGenerator[Update, None]) -> Update | None:
        """Return the next update; None at the end, and when the server stops.

        A stop cannot wait for the next event, which may take an hour.
        """
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            async with asyncio.timeout(None) as patience:
                stopping.add_done_callback(lambda _: _end(patience))
                return await anext(updates, None)
        except TimeoutError:
            return None
        finally:
            stopping.cancel()

    async def _listen(
        self, order: ShopOrder, visit: Visit, last_event_id: str
    ) -> AsyncGenerator[Update, None]:
        async with self._shop.api.events(order.order_id, last_event_id) as events:
            async for event_id, state in events:
                status = await status_with(self._shop, order, visit, state)
                yield (
                    ServerSentEvent(
                        event="status",
                        id=event_id,
                        raw_data=fragment_of(order, visit, status),
                    ),
                    status.order_status.is_over,
                )

    async def _until_stopping(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _end(patience: asyncio.Timeout) -> None:
    with suppress(RuntimeError):  # nobody waits any more
        patience.reschedule(0)
