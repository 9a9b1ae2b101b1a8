"""Watches payments for their viewers: one look serves all viewers of a payment.

Nothing is polled for a viewer. A payment is looked at when something hints that it may
have changed: a call that this process has just served, a line of Temporal's list (one
question for all payments), or the time at which it would change by itself.
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

# Half of what a customer may wait to hear of a change; the list takes the other half.
PAUSE_SECONDS: Final = 0.4
# A look is a billable query: a flood of notifications shall not become a flood of them.
LEAST_PAUSE_SECONDS: Final = 0.2
# Where Temporal is away, it is not asked in vain more often than this.
LONGEST_PAUSE_SECONDS: Final = 15.0
# After a restart all viewers come back at once; Temporal shall not notice.
LOOKS_AT_ONCE: Final = 20
# All looks of a thousand viewers take less, unless Temporal does not answer. Then who
# waits longer has been left by the caller, and only holds a place.
LONGEST_WAIT_SECONDS: Final = 5.0
# The workflow has asked Alipay by then, if it had to.
ANSWERED_WITHIN: Final = timedelta(seconds=3)
# These pass quickly and without a line in the list.
PASSING: Final = (
    PaymentStatus.OPENING,
    PaymentStatus.CHECKING,
    PaymentStatus.CANCELLING,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """A payment as it stood at one time.

    Attributes:
        id: Follows from the state alone, so that each process and each start of one
            calls the same state by the same name.
        text: The state as JSON, made once for all viewers.
    """

    id: str
    text: str
    state: PaymentState

    @classmethod
    def of(cls, state: PaymentState) -> "Snapshot":
        text = state.model_dump_json()
        return cls(sha256(text.encode()).hexdigest()[:16], text, state)


class WatchedPayment:
    """One payment while somebody watches it."""

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
        """Return the payment as it stands, looked up for the first who wants to know.

        Raises:
            Problem: As reading it does; for all who wait for the same look.
        """
        if self._newest:
            return self._newest
        # Were each to look for themselves after a look that failed, the last of many
        # would wait for minutes, and hold a place all the time.
        if self._first_look is None or self._first_look.done():
            self._first_look = asyncio.create_task(self._look_first())
        return await asyncio.shield(self._first_look)

    async def other_than(self, seen: str | None, *, within: float) -> Snapshot | None:
        """Return the payment once it stands otherwise than seen; None: not by then.

        Args:
            seen: The id of a snapshot; None for nothing seen yet.
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
                # No event: an unknown state is not a change. That Temporal is away is
                # logged once for all payments, by the reader of its list.
                log.debug("a watched payment could not be read: %s", problem)
                await self._look_again()
            except Exception:
                # Of a broken worker, say. Were this the end, viewers would hear nothing
                # more, and not know it.
                log.exception("a look at a watched payment failed")
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
        """Return when it may have changed without a hint; None for never."""
        assert self._newest  # noqa: S101 - this begins with the first snapshot
        state = self._newest.state
        if state.outcome:
            # The list does not show how an owner's open refunds go on.
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
    """Whether more may go back of what has been refunded in part, or is going."""
    refunds = state.refunds
    return refunds is not None and bool(refunds.under_way.value or refunds.left.value)


class PaymentWatch:
    """All payments that somebody watches right now."""

    def __init__(
        self,
        read: Callable[[str], Awaitable[PaymentState]],
        changes: ListedChanges,
        *,
        longest_wait: float = LONGEST_WAIT_SECONDS,
    ) -> None:
        """Watch nothing yet.

        Args:
            read: Returns how a payment stands; raises Problem.
            changes: Reports what other processes, and time, have changed.
            longest_wait: For how many seconds a look waits for others to end.
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
        """Watch it no longer; with the last viewer all that was kept for it goes."""
        watched = self._watched[order_id]
        watched.viewers -= 1
        if watched.viewers == 0:
            watched.stop()
            del self._watched[order_id]
        if not self._watched and self._listener:
            self._listener.cancel()
            self._listener = None

    def hint(self, order_id: str) -> None:
        """Have a payment looked at if it is watched: it may have changed just now."""
        watched = self._watched.get(order_id)
        if watched:
            watched.look_soon()

    def close(self) -> None:
        """Let all streams end, so that the process can; their viewers come back."""
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
                # Whatever it is: all viewers would hear no more of what others change.
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                log.warning("Temporal's list could not be read: %s", error)
            await asyncio.sleep(pause)
