"""Calls refused because of their caller: the answer, and the log line."""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from api.callers.buckets import TokenBucket
from api.callers.keys import ApiKey, Scope
from api.metrics.answers import calls_refused
from api.problems import Problem
from telemetry.access import Call

# For each key, and once for all unknown callers, so that a flood of wrong keys does not
# hide refusals of a valid key. A flood adds six lines a minute.
LINES_AT_ONCE: Final = 20
LINES_A_MINUTE: Final = 6

# Operators search by this name (docs/observing.md), so it does not follow the file's.
log = logging.getLogger("api.refusals")


class Reason(StrEnum):
    """The reason of a refusal; also the label of the metric."""

    NO_KEY = "no_key"
    UNKNOWN_KEY = "unknown_key"
    ENDED_KEY = "ended_key"
    SCOPE = "scope"
    RATE = "rate"
    STREAMS = "streams"
    REFUND_LIMIT = "refund_limit"


_ANSWERS: Final = {
    Reason.SCOPE: (403, "FORBIDDEN"),
    Reason.REFUND_LIMIT: (403, "OVER_LIMIT"),
    Reason.RATE: (429, "RATE_LIMITED"),
    Reason.STREAMS: (429, "RATE_LIMITED"),
}
_UNKNOWN: Final = (401, "UNAUTHORIZED")

for _reason in Reason:
    calls_refused.labels(_reason)


class Refusal(Problem):
    """The answer to a call that its caller may not make, or not yet."""

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        scope: Scope,
        key: ApiKey | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Set the reason.

        Args:
            reason: For the log and the metric.
            detail: For the caller.
            scope: The scope that the call needs.
            key: The key of the call; None for a missing or unknown key.
            retry_after: The seconds until it may be made; None where waiting does not
                help.
        """
        status, code = _ANSWERS.get(reason, _UNKNOWN)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        extra: dict[str, object] = {}
        if retry_after:
            headers["Retry-After"] = str(retry_after)
            extra["retry_is_safe"] = True
        super().__init__(status, code, detail, headers=headers, **extra)
        self.reason = reason
        self.scope = scope
        self.key = key


class RefusalLog:
    """Logs refused calls, unless there are too many, and counts all."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        # By the key's name, from the file of keys; None for all unknown callers.
        self._buckets: defaultdict[str | None, TokenBucket] = defaultdict(
            lambda: TokenBucket(monotonic)
        )
        self._untold: Counter[str | None] = Counter()

    def log(self, call: Call) -> None:
        """Log a call that was answered, if it was refused."""
        refusal = call.noted.get("problem")
        if not isinstance(refusal, Refusal):
            return
        calls_refused.labels(refusal.reason).inc()
        name = refusal.key.name if refusal.key else None
        if self._buckets[name].take(per_minute=LINES_A_MINUTE, at_once=LINES_AT_ONCE):
            self._untold[name] += 1
            return
        fields: dict[str, object] = {
            "reason": refusal.reason.value,
            "status": call.status,
            "scope": refusal.scope.value,
            "method": call.method,
            "route": call.route,
            "peer": call.peer,
            "order_id": call.order_id,
            "key": name,
            "key_id": refusal.key.id if refusal.key else None,
            # The number of refusals of this caller that were not logged since the last
            # line.
            "untold": self._untold.pop(name, None),
        }
        logged = {field: value for field, value in fields.items() if value is not None}
        log.warning("call refused", extra=logged)
