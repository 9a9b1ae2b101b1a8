"""Histories in which money may have moved, and that cannot be read."""

from collections.abc import Iterator

from audit.history.record import UndecryptedHistoryError
from audit.reconcile.outcome import Difference, Kind


class UnreadableHistories:
    """Counts the histories that were looked at, and keeps why some cannot be read.

    Attributes:
        looked_at: How many there are, readable or not.
        orders: Those of which a history cannot be read.
    """

    def __init__(self) -> None:
        self.looked_at = 0
        self.orders: set[str] = set()
        self._why: list[tuple[str, str]] = []
        self._contradictions: list[tuple[str, str]] = []
        self._undecrypted = 0

    def add(self, order_id: str, error: Exception) -> None:
        """Note that a history of an order cannot be read."""
        self.orders.add(order_id)
        self._why.append((order_id, str(error)))
        self._undecrypted += isinstance(error, UndecryptedHistoryError)

    def add_contradiction(self, order_id: str, run_id: str) -> None:
        """Note that two bundles hold different histories of one run."""
        why = f"two bundles hold different histories of its run {run_id}"
        self._contradictions.append((order_id, why))

    @property
    def lack_their_keys(self) -> str:
        """Why none can be read, if each one lacks its key; else empty."""
        if not self.looked_at or self._undecrypted < self.looked_at:
            return ""
        number = self.looked_at
        none = (
            f"none of the {number} payments' histories"
            if number > 1
            else "the one payment's history"
        )
        cannot = "can be read" if number > 1 else "cannot be read"
        return (
            f"{none} {cannot}: its payload key is not given, or is another "
            f"one ({self._why[0][1]})"
        )

    def differences(self) -> Iterator[Difference]:
        """Yield one difference for each; one for all where each one lacks its key."""
        why = self._why
        if self.lack_their_keys:
            why = [("", self.lack_their_keys)]
        for order_id, reason in (*why, *self._contradictions):
            yield Difference(Kind.UNREADABLE_HERE, order_id=order_id, note=reason)
