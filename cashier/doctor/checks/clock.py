"""Compares our clock with Alipay's, by the signed time of its answer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cashier.doctor.checks.findings import Finding, ok, wrong

SUBJECT = "alipay"
# Alipay rejects a request whose time is wrong, and does not publish the limit
# (docs/protocol.md 1.3); expiries that shops set use our clock (decision 0009); and a
# clock that is synchronized is never off by a second.
MOST_SKEW = timedelta(seconds=30)

Clock = Callable[[], datetime]


def check_clock(answered: str, sent: datetime, received: datetime) -> Finding:
    """Compare the time of an answer with our clock.

    Args:
        answered: The header Response-Time of the answer.
        sent: When the request was sent, by our clock.
        received: When the answer was received, by our clock.
    """
    theirs = time_of(answered)
    if theirs is None:
        why = "Alipay's answer has no readable time, so the clocks are not compared"
        return ok(SUBJECT, "clock", why)
    # Alipay answered between the two; a slow network does not mean a wrong clock.
    early, late = sent - theirs, theirs - received
    skew = max(early, late, timedelta())
    if skew <= MOST_SKEW:
        return ok(
            SUBJECT,
            "clock",
            f"our clock and Alipay's differ by less than {MOST_SKEW.seconds} s",
        )
    which = "behind" if late > early else "ahead of"
    return wrong(
        SUBJECT,
        "clock",
        f"ours is {skew.total_seconds():.0f} s {which} Alipay's",
        "synchronize this machine's clock (NTP): otherwise payments end too early or "
        "too late, and Alipay may reject requests",
    )


def time_of(text: str) -> datetime | None:
    """Parse a time of Alipay's; None where it has neither form (protocol.md 1.3)."""
    try:
        if text.isascii() and text.isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else None
