"""The ledger of money that moved, independent of the state of a payment."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The direction in which money moved, and the reason."""

    CHARGE = "CHARGE"  # from the customer's wallet
    RETURN = "RETURN"  # back to it, because the payment was cancelled
    REFUND = "REFUND"  # back to it, by a refund
    REFUND_RETURN = "REFUND_RETURN"  # to the merchant again, as it was not credited


TO_THE_MERCHANT = frozenset({Kind.CHARGE, Kind.REFUND_RETURN})


@dataclass(frozen=True)
class Entry:
    """One movement of money; `request_id` names the request that caused it."""

    time: datetime
    kind: Kind
    payment_request_id: str
    payment_id: str
    order_id: str
    currency: str
    value: int
    request_id: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.payment_request_id}:{self.request_id}"


class Ledger:
    """Append-only; the same movement written twice is one movement."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    def record(self, entry: Entry) -> bool:
        """Write an entry; False if the same movement is recorded already."""
        if entry.key in self._entries:
            return False
        self._entries[entry.key] = entry
        return True

    def nets(self) -> dict[str, dict[str, int]]:
        """Return the merchant's balance, by order and currency, in minor units."""
        held: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for entry in self._entries.values():
            sign = 1 if entry.kind in TO_THE_MERCHANT else -1
            held[entry.order_id][entry.currency] += sign * entry.value
        return {order: dict(values) for order, values in held.items()}
