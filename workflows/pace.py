"""How often Alipay is asked: quickly while a customer may wait, slowly in an outage."""

from datetime import timedelta
from zlib import crc32

# However many hints come in, one payment asks Alipay at most this often.
HINT_GAP = timedelta(seconds=5)
# Pauses of a question that stays open; never so long that nobody would wait for it.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300, 600, 1800, 3600)
)


def pause(payment_request_id: str, tries: int) -> timedelta:
    """Return the pause after a number of tries, spread by up to a fifth either way.

    The spread comes from the id, not from chance, so that it replays; it keeps
    thousands of payments from asking Alipay in step when an outage ends.
    """
    spread = crc32(f"{payment_request_id}/{tries}".encode()) % 401
    return PAUSES[min(tries, len(PAUSES) - 1)] * ((800 + spread) / 1000)
