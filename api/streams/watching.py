"""Watches payments for their viewers: one read serves all viewers of a payment.

There is no polling per viewer. A payment is read when it may have changed: after a call
that this process has served, after a change in Temporal's list (one request for all
payments), or at the time when it would change by itself.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from api.bodies import PaymentState
from api.problems import Problem, UnavailableProblem
from api.streams.listed_changes import ListedChanges
from contracts import PaymentStatus, expiry_margin

# Half of the time until a customer sees a change; the list takes the other half.
PAUSE_SECONDS: Final = 0.4
# A read is a billable query: a flood of notifications must not become a flood of
# queries.
LEAST_PAUSE_SECONDS: Final = 0.2
# The pause between reads while Temporal does not answer.
LONGEST_PAUSE_SECONDS: Final = 15.0
# The most concurrent reads: after a restart all viewers reconnect at once.
LOOKS_AT_ONCE: Final = 20
# The reads for a thousand viewers take less, unless Temporal does not answer. Callers
# have given up by then, and only occupy a stream.
LONGEST_WAIT_SECONDS: Final = 5.0
# By then the workflow has asked Alipay, if needed.
ANSWERED_WITHIN: Final = timedelta(seconds=3)
# These statuses pass quickly, without a change in the list.
PASSING: Final = (
    PaymentStatus.OPENING,
    PaymentStatus.CHECKING,
    PaymentStatus.CANCELLING,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """The state of a payment at one time.

    Attributes:
        id: The digest of the state: the same in each process.
        text: The state as JSON, serialized once for all viewers.
    """

    id: str
    text: str
    state: PaymentState

    @classmethod
    def of(cls, state: PaymentState) -> "Snapshot":
        text = state.model_dump_json()
        return cls(sha256(text.encode()).hexdigest()[:16], text, state)


class WatchedPayment:
    """One payment that has viewers."""

    def __init__(
        self, order_id: str, read: Callable[[str], Awaitable[PaymentState]]
    ) -> None:
        self.viewers = 0
        self._order_id = order_id
        self._read = read
        self._newest: Snapshot | None = None
        self._first_look: asyncio.Task[Snapshot] | None = None
        self._changed = asyncio.Event()
        self._wanted = asyncio.Event()
        self._pause = PAUSE_SECONDS
        self._keeper: asyncio.Task[None] | None = None

    async def newest(self) -> Snapshot:
        """Return the current state, which is read for the first viewer.

        Raises:
            Problem: As reading it does; for all viewers that wait for the same read.
        """
        if self._newest:
            return self._newest
        # If each viewer repeated a failed read, the last of many would wait for
        # minutes.
        if self._first_look is None or self._first_look.done():
            self._first_look = asyncio.create_task(self._look_first())
        return await asyncio.shield(self._first_look)

    async def other_than(self, seen: str | None, *, within: float) -> Snapshot | None:
        """Return the state once it differs from the one seen; None after the time.

        Args:
            seen: The id of the snapshot seen; None for none yet.
            within: Seconds to wait.
        """
        changed, newest = self._changed, await self.newest()
        if newest.id == seen:
            with suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await changed.wait()
            newest = await self.newest()
        return None if newest.id == seen else newest

    def look_soon(self) -> None:
        self._wanted.set()

    def wake_viewers(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def stop(self) -> None:
        for task in (self._first_look, self._keeper):
            if task:
                task.cancel()

    async def _look_first(self) -> Snapshot:
        self._newest = Snapshot.of(await self._read(self._order_id))
        self._keeper = asyncio.create_task(self._keep_looking())
        return self._newest

    async def _keep_looking(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds_to_next_look()):
                    await self._wanted.wait()
            self._wanted.clear()
            try:
                snapshot = Snapshot.of(await self._read(self._order_id))
            except Problem as problem:
                # No event: an unknown state is not a change. A failure of Temporal is
                # logged once for all payments, by the reader of its list.
                log.debug("a watched payment could not be read: %s", problem)
                await self._look_again()
            except Exception:
                # For example of a broken worker. If the task ended here, viewers would
                # get no more events, without noticing.
                log.exception("reading a watched payment failed")
                await self._look_again()
            else:
                self._publish(snapshot)
                await asyncio.sleep(LEAST_PAUSE_SECONDS)

    async def _look_again(self) -> None:
        self._wanted.set()
        await asyncio.sleep(self._longer_pause())

    def _publish(self, snapshot: Snapshot) -> None:
        if self._newest is None or snapshot.id != self._newest.id:
            self._newest, self._pause = snapshot, PAUSE_SECONDS
            self.wake_viewers()

    def _seconds_to_next_look(self) -> float | None:
        """Return in how many seconds it may change without a hint; None for never."""
        assert self._newest  # noqa: S101 - this begins with the first snapshot
        state = self._newest.state
        if state.outcome:
            # The list does not show the progress of open refunds.
            return self._longer_pause() if _may_be_refunded(state) else None
        attempt = state.attempts[-1]
        expires_at = attempt.expires_at
        if state.status in PASSING or expires_at is None:
            return self._longer_pause()
        margin = expiry_margin(attempt.payment_request_id)
        ends = expires_at + margin + ANSWERED_WITHIN
        left = (ends - datetime.now(UTC)).total_seconds()
        return left if left > 0 else self._longer_pause()

    def _longer_pause(self) -> float:
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        return self._pause


def _may_be_refunded(state: PaymentState) -> bool:
    """Whether refunds are under way, or more may be refunded after a part."""
    refunds = state.refunds
    return refunds is not None and bool(refunds.under_way.value or refunds.left.value)


class PaymentWatch:
    """All payments that have viewers now."""

    def __init__(
        self,
        read: Callable[[str], Awaitable[PaymentState]],
        changes: ListedChanges,
        *,
        longest_wait: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        """Start without watched payments.

        Args:
            read: Returns the state of a payment; raises Problem.
            changes: Reports changes by other processes, and by time.
            longest_wait: How many seconds a read waits for other reads to end.
        """
        self._read = read
        self._changes = changes
        self._longest_wait = longest_wait
        self._watched: dict[str, WatchedPayment] = {}
        self._places = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._listener: asyncio.Task[None] | None = None
        self.is_closing = False

    def join(self, order_id: str) -> WatchedPayment:
        """Watch a payment, until `leave`."""
        watched = self._watched.get(order_id)
        if watched is None:
            watched = WatchedPayment(order_id, self._look)
            self._watched[order_id] = watched
        watched.viewers += 1
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        return watched

    def leave(self, order_id: str) -> None:
        """Stop watching a payment; after the last viewer its data is dropped."""
        watched = self._watched[order_id]
        watched.viewers -= 1
        if watched.viewers == 0:
            watched.stop()
            del self._watched[order_id]
        if not self._watched and self._listener:
            self._listener.cancel()
            self._listener = None

    def hint(self, order_id: str) -> None:
        """Read a payment again if it is watched, because it may have changed."""
        watched = self._watched.get(order_id)
        if watched:
            watched.look_soon()

    def close(self) -> None:
        """End all streams, so that the process can end; their viewers reconnect."""
        self.is_closing = True
        for watched in self._watched.values():
            watched.wake_viewers()

    async def _look(self, order_id: str) -> PaymentState:
        try:
            async with asyncio.timeout(self._longest_wait):
                await self._places.acquire()
        except TimeoutError:
            raise UnavailableProblem(
                "Temporal does not answer in time; call again"
            ) from None
        try:
            return await self._read(order_id)
        finally:
            self._places.release()

    async def _listen(self) -> None:
        pause = PAUSE_SECONDS
        while True:
            try:
                for order_id in await self._changes.since_last_time():
                    self.hint(order_id)
                pause = PAUSE_SECONDS
            except Exception as error:
                # Any error: otherwise all viewers would miss the changes by other
                # processes.
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                log.warning("Temporal's list could not be read: %s", error)
            await asyncio.sleep(pause)
