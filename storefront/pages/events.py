"""Relays a payment's events to the browsers that look at its order.

Browsers never talk to the API. Each event becomes the same fragment as on the page,
made by the server, under the id that the API gave it.
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

# While the API is away: soon at first, for it may only restart; then now and then.
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# As the API takes it: a digest. Other letters than ASCII's no header could carry on.
LONGEST_EVENT_ID = 64
EVENT_ID = r"^[ -~]*$"
# More than one customer's devices and tabs: who opens more for one order takes from all
# others, because the API lets a shop have only so many.
MOST_OF_ONE_ORDER = 20

Sleep = Callable[[float], Awaitable[object]]
# An event, and whether it is the last one.
Told = tuple[ServerSentEvent, bool]


class Events:
    """The stream of an order's page."""

    def __init__(
        self, shop: Shop, stopping: asyncio.Event, *, sleep: Sleep | None = None
    ) -> None:
        """Take what a stream needs.

        Args:
            shop: The parts of the shop.
            stopping: Ends all streams, so that the server need not wait for them.
            sleep: Lets time pass; tests do without.
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
        """Hold one of the order's places until the stream's last byte is sent.

        Then what it is fed by is closed: who leaves while something is told leaves the
        stream behind as it stands, and nobody would close it for a while.
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
        """Tell what the API tells, until nothing can change or the server stops."""
        visit = Visit.of(request, market=order.market)
        feed: AsyncExitStack = request.state.feed
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            wanted = None
            try:
                async with feed:  # may be entered again
                    told = self._listen(order, visit, last_event_id)
                    feed.push_async_callback(told.aclose)
                    while news := await self._next(told):
                        event, is_over = news
                        last_event_id, pause = event.id or "", FIRST_PAUSE_SECONDS
                        yield event
                        if is_over:
                            return
                # Ended in order: the API restarts, or ends old streams.
                pause = FIRST_PAUSE_SECONDS
            except (RefusedError, BusyError):
                pass  # not begun, not known yet, not written yet: it may be in a moment
            except AwayError as error:
                # Nothing is said: that the API is away says nothing of the payment.
                wanted = error.retry_after
            await self._sleep(max(pause, wanted or 0))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _next(self, told: AsyncGenerator[Told, None]) -> Told | None:
        """Return what is told next; None at its end, and when the server stops.

        Nothing may happen for an hour, and a stop would wait for it in vain.
        """
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            async with asyncio.timeout(None) as patience:
                stopping.add_done_callback(lambda _: _end(patience))
                return await anext(told, None)
        except TimeoutError:
            return None
        finally:
            stopping.cancel()

    async def _listen(
        self, order: ShopOrder, visit: Visit, last_event_id: str
    ) -> AsyncGenerator[Told, None]:
        async with self._shop.api.events(order.order_id, last_event_id) as events:
            async for event_id, state in events:
                status = await status_with(self._shop, order, visit, state)
                yield (
                    ServerSentEvent(
                        event="status",
                        id=event_id,
                        raw_data=fragment_of(order, visit, status),
                    ),
                    status.standing.is_over,
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
