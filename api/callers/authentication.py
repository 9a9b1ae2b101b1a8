"""Authenticates callers by their keys, and limits their calls."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from api.callers.buckets import TokenBucket
from api.callers.keys import ApiKey, Scope
from api.callers.known_keys import KnownKeys
from api.callers.refusals import Reason, Refusal
from contracts import Money, in_words

# The calls of so many seconds may come at once: a shop's short burst passes, and a shop
# in an endless loop is stopped before it slows down others.
BURST_SECONDS: Final = 10
# In seconds. A stream ends when a customer leaves a page, which happens often.
STREAM_RETRY_SECONDS: Final = 15


@dataclass(frozen=True)
class Limits:
    """The limits of a caller in one process.

    Attributes:
        per_minute: The most calls a minute, where the key has no limit of its own.
        streams: The most streams of events open at once.
    """

    per_minute: int
    streams: int


class Usage:
    """The calls and streams of one caller; both keys of a rotation count together."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.calls = TokenBucket(monotonic)
        self.open_streams = 0


@dataclass(frozen=True)
class Caller:
    """The caller of one call."""

    key: ApiKey
    limits: Limits
    usage: Usage

    @property
    def name(self) -> str:
        return self.key.name

    def count_call(self, scope: Scope) -> None:
        """Count a call.

        Raises:
            Refusal: The limit is exceeded.
        """
        per_minute = self.key.per_minute or self.limits.per_minute
        at_once = max(1.0, per_minute * BURST_SECONDS / 60)
        seconds = math.ceil(
            self.usage.calls.take(per_minute=per_minute, at_once=at_once)
        )
        if seconds:
            raise Refusal(
                Reason.RATE,
                f"the API key `{self.name}` makes more than {per_minute} calls a "
                f"minute; call again in {seconds} s",
                scope=scope,
                key=self.key,
                retry_after=seconds,
            )

    def check_refund(self, amount: Money) -> bool:
        """Return whether the key limits refunds; check that it allows this amount.

        Raises:
            Refusal: The amount is above the key's limit.
        """
        limits = self.key.refund_limits
        if limits is None:
            return False
        most = Money(currency=amount.currency, value=limits.get(amount.currency, 0))
        if amount.value > most.value:
            raise Refusal(
                Reason.REFUND_LIMIT,
                f"amount: the API key `{self.name}` may refund at most "
                f"{in_words(most)} at a time, not {in_words(amount)}",
                scope=Scope.REFUND,
                key=self.key,
            )
        return True

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """Count an open stream of events while the block runs.

        Raises:
            Refusal: Too many streams are open.
        """
        if self.usage.open_streams >= self.limits.streams:
            raise Refusal(
                Reason.STREAMS,
                f"the API key `{self.name}` may not have more than "
                f"{self.limits.streams} streams of events open; call again later",
                scope=Scope.READ,
                key=self.key,
                retry_after=STREAM_RETRY_SECONDS,
            )
        self.usage.open_streams += 1
        try:
            yield
        finally:
            self.usage.open_streams -= 1


class Callers:
    """All callers."""

    def __init__(
        self,
        keys: KnownKeys,
        limits: Limits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._limits = limits
        # By name; names come only from the file of keys, so it stays small.
        self._usage: defaultdict[str, Usage] = defaultdict(lambda: Usage(monotonic))

    def admit(self, given: str | None, scope: Scope) -> Caller:
        """Count the call, check that it is allowed, and return the caller.

        Raises:
            Refusal: The key is missing, invalid, lacks the scope, or is over its limit.
        """
        key = self._live_key(given, scope)
        caller = Caller(key, self._limits, self._usage[key.name])
        # Before the scope, so that calls without it are limited, too.
        caller.count_call(scope)
        if scope not in key.scopes:
            raise Refusal(
                Reason.SCOPE,
                f"the API key `{key.name}` lacks the scope `{scope}`, which this call "
                "needs",
                scope=scope,
                key=key,
            )
        return caller

    def _live_key(self, given: str | None, scope: Scope) -> ApiKey:
        key = self._keys.find(given) if given else None
        if key is None:
            raise Refusal(
                Reason.UNKNOWN_KEY if given else Reason.NO_KEY,
                "this API key is unknown, or was removed"
                if given
                else "this call needs the header `Authorization: Bearer <API key>`",
                scope=scope,
            )
        if key.has_ended(datetime.now(UTC)):
            raise Refusal(
                Reason.ENDED_KEY,
                f"this API key of `{key.name}` ended at {key.ends_at:%Y-%m-%d %H:%M} "
                "UTC; use the newer key",
                scope=scope,
                key=key,
            )
        return key
