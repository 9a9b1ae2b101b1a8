"""How far our clock is from Alipay's, by the time that it signs into its answer."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cashier.doctor.findings import Finding, ok, wrong

SUBJECT = "alipay"
# Alipay refuses a request whose time is wrong, and does not publish from when on
# (docs/protocol.md 1.3); expiries that shops set go by our clock (decision 0009),
# and a machine whose clock is kept is never off by a second.
MOST_SKEW = timedelta(seconds=30)

Clock = Callable[[], datetime]


def check_clock(answered: str, sent: datetime, received: datetime) -> Finding:
    """Compare the time of an answer with ours.

    Args:
        answered: The answer's Response-Time, as it came.
        sent: When the request was sent, by our clock.
        received: When the answer was there, by our clock.
    """
    theirs = time_of(answered)
    if theirs is None:
        why = "Alipay's answer bears no time that can be read, so clocks go uncompared"
        return ok(SUBJECT, "clock", why)
    # It was written between the two; a slow network does not mean a wrong clock.
    early, late = sent - theirs, theirs - received
    skew = max(early, late, timedelta())
    if skew <= MOST_SKEW:
        return ok(
            SUBJECT,
            "clock",
            f"ours and Alipay's differ by less than {MOST_SKEW.seconds} s",
        )
    which = "behind" if late > early else "ahead of"
    return wrong(
        SUBJECT,
        "clock",
        f"ours is {skew.total_seconds():.0f} s {which} Alipay's",
        "let this machine keep its time (NTP): payments end too early or too late, and "
        "Alipay may refuse signatures",
    )


def time_of(text: str) -> datetime | None:
    """Return a time of Alipay's; None where it is in neither form (protocol.md 1.3)."""
    try:
        if text.isascii() and text.isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo else None
