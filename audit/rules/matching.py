"""Checks that a request, an answer and a recorded call belong together."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from alipay.strict_json import read_object
from audit.differences import difference
from audit.history.answers import Answered
from contracts import (
    AlipayAnswer,
    Contract,
    PayAnswer,
    PayCall,
    RefundCall,
)

# The allowed difference of the clocks of two workers, or of a worker and the server.
CLOCKS_DIFFER = timedelta(minutes=2)
# The fields of a request that identify the money and the amount. The others are covered
# by the call and our signature, and later releases may send them differently.
OF_MONEY = (
    "paymentRequestId",
    "paymentId",
    "paymentAmount",
    "paymentMethod",
    "refundRequestId",
    "refundAmount",
)

# The expected value, and the value seen.
Problem = tuple[str, str]


def ended_at(one: Answered) -> datetime:
    """Return when an activity completed, by the server's clock."""
    return one.completed.event_time.ToDatetime(UTC)


def unequal(what: str, expected: str, seen: str) -> Iterator[Problem]:
    """Yield two values if they differ."""
    if expected != seen:
        yield f"{what} {expected}", f"{what} {seen}"


def requests_differ(sent_now: str, sent_then: str) -> Iterator[Problem]:
    """Yield the differences of two requests about money."""
    now, then = _fields(sent_now), _fields(sent_then)
    ours = {name: now.get(name) for name in OF_MONEY}
    theirs = {name: then.get(name) for name in OF_MONEY}
    if ours != theirs:
        expected, seen = difference(ours, theirs)
        yield f"a request with {expected}", f"a request with {seen}"


def about_another(call: Contract, body: str) -> Iterator[Problem]:
    """Yield where an answer names another payment or amount than the call."""
    said = _fields(body)
    wanted: dict[str, object] = {}
    if request_id := getattr(call, "payment_request_id", None):
        wanted["paymentRequestId"] = request_id
    if refund_id := getattr(call, "refund_request_id", None):
        wanted["refundRequestId"] = refund_id
    if isinstance(call, RefundCall):
        amount = call.amount
        wanted["refundAmount"] = {
            "currency": amount.currency,
            "value": str(amount.value),
        }
    told = {name: said[name] for name in wanted if said.get(name) is not None}
    asked = {name: wanted[name] for name in told}
    if told != asked:
        expected, seen = difference(asked, told)
        yield f"an answer about {expected}", f"an answer about {seen}"


def _fields(text: str) -> dict[str, object]:
    # Parsed by the activity's reader; the comparison is the auditor's own.
    try:
        return read_object(text.encode())
    except ValueError:
        return {}


def by_the_clock_of_then(one: Answered, says: AlipayAnswer) -> AlipayAnswer:
    """Correct the expiry, which the rerun computes with the current clock.

    A worker computed it between the start and the end of the attempt; a recorded expiry
    in that range counts as the same.
    """
    recorded, call = one.answer, one.call
    if not (isinstance(says, PayAnswer) and isinstance(recorded, PayAnswer)):
        return says
    if says.expires_at is None or recorded.expires_at is None:
        return says
    if isinstance(call, PayCall) and call.expires_at is not None:
        return says  # chosen by the shop, and not computed
    lasts = says.expires_at - datetime.now(UTC)
    earliest = one.began_at + lasts - CLOCKS_DIFFER
    latest = ended_at(one) + lasts + CLOCKS_DIFFER
    is_same = earliest <= recorded.expires_at <= latest
    expires_at = recorded.expires_at if is_same else ended_at(one) + lasts
    return says.model_copy(update={"expires_at": expires_at})


def calls_out_of_order(answers: Iterable[Answered]) -> Iterator[tuple[int, str, str]]:
    """Yield answers that replace others: old ones, or the same one twice.

    Each is compared with the previous one by Alipay's clock and by ours, so that a
    difference of the clocks does not matter.
    """
    proven = [
        (one.completed.event_id, one.answer.evidence)
        for one in answers
        if one.answer.evidence and one.answer.evidence.answer.signature
    ]
    calls: set[str] = set()
    for event_id, evidence in proven:
        signature = evidence.request.signature
        if signature and signature in calls:
            yield event_id, "a call of its own", "an earlier call, once more"
        calls.add(signature)
    for (_, before), (event_id, evidence) in pairwise(proven):
        asked = _passed(before.request.time, evidence.request.time)
        told = _passed(before.answer.time, evidence.answer.time)
        if asked is None or told is None:
            continue
        if asked < -CLOCKS_DIFFER:
            yield event_id, "a call after the one before", f"one {-asked} before it"
        elif told < asked - CLOCKS_DIFFER:
            expected = f"an answer given {asked} after the one before"
            yield event_id, expected, f"one given {told} after it"


def _passed(before: str, after: str) -> timedelta | None:
    """Return the time between two headers; None where they are not times."""
    times = [_time(text) for text in (before, after)]
    if times[0] is None or times[1] is None:
        return None
    return times[1] - times[0]


def _time(text: str) -> datetime | None:
    """Read our Request-Time (milliseconds), or Alipay's Response-Time (ISO 8601)."""
    try:
        if text.isascii() and text.isdigit():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at if at.tzinfo else None
