"""A fake shop that gets its callbacks over HTTP, from the activities of production."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook
from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.callbacks import CallbackActivities
from activities.shop.earlier_events import EarlierEvents
from contracts import CallbackView, ShopEvent
from tests.fakes import AnythingPaid
from workflows.callback import Callback

SECRET = "whsec_" + "QUJD" * 11


@dataclass(frozen=True)
class Delivery:
    """One try to deliver a callback.

    Attributes:
        by: The workflow that sent it.
        after: How long after the queue's begin, by its clock; None outside of it.
    """

    id: str
    type: str
    by: str
    after: timedelta | None
    accepted: bool


class Shop:
    """Accepts callbacks unless it is down; verifies each, and recognizes repeats."""

    def __init__(self, env: WorkflowEnvironment) -> None:
        self.deliveries: list[Delivery] = []
        self.is_away = False
        self.refuses = ""  # the type of an event
        # Down until this long after the queue's start.
        self.is_back_after: timedelta | None = None
        self.before_it_answers: Callable[[], Awaitable[None]] | None = None
        self._env = env
        self._news = asyncio.Condition()

    async def until_called(self, times: int) -> None:
        """Wait until the shop has got so many callbacks, accepted or not."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.deliveries) >= times)

    @property
    def accepted(self) -> list[str]:
        """The types of the accepted events, in order, without repeats."""
        return list(
            {one.id: one.type for one in self.deliveries if one.accepted}.values()
        )

    def callbacks(
        self, secrets: Callable[[], Sequence[str]] = lambda: [SECRET]
    ) -> CallbackActivities:
        return CallbackActivities(
            httpx.AsyncClient(transport=httpx.MockTransport(self._answer)),
            url="https://shop.example/webhooks",
            secrets=secrets,
            earlier=EarlierEvents(self._env.client),
            paid=AnythingPaid(),
        )

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        said: Any = Webhook(SECRET).verify(request.content, dict(request.headers))
        event = ShopEvent.model_validate(said["data"])
        if self.before_it_answers:
            await self.before_it_answers()
        by = activity.info().workflow_id or ""
        after = await self._time_in_queue(by) if by.startswith("callbacks:") else None
        is_away = self.is_away or event.type == self.refuses
        if self.is_back_after and after is not None:
            is_away = after < self.is_back_after
        async with self._news:
            self.deliveries.append(
                Delivery(
                    request.headers["webhook-id"], event.type, by, after, not is_away
                )
            )
            self._news.notify_all()
        return httpx.Response(503 if is_away else 204)

    async def _time_in_queue(self, workflow_id: str) -> timedelta:
        queue = self._env.client.get_workflow_handle(workflow_id)
        began = (await queue.describe()).start_time
        now: datetime = await self._env.get_current_time(queue)
        return now - began


def queue_of(
    env: WorkflowEnvironment, order_id: str
) -> WorkflowHandle[Callback, CallbackView]:
    return env.client.get_workflow_handle_for(Callback.run, f"callbacks:{order_id}")
