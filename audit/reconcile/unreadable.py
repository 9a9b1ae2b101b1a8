"""Collects unreadable histories that may contain movements of money."""

from collections.abc import Iterator

from audit.history.record import UndecryptedHistoryError
from audit.reconcile.outcome import Difference, Kind


class UnreadableHistories:
    """Counts the histories, and keeps the reasons why some cannot be read.

    Attributes:
        looked_at: The number of histories, readable or not.
        orders: The orders with an unreadable history.
    """

    def __init__(self) -> None:
        self.looked_at = 0
        self.orders: set[str] = set()
        self._why: list[tuple[str, str]] = []
        self._contradictions: list[tuple[str, str]] = []
        self._undecrypted = 0

    def add(self, order_id: str, error: Exception) -> None:
        """Record that a history of an order cannot be read."""
        self.orders.add(order_id)
        self._why.append((order_id, str(error)))
        self._undecrypted += isinstance(error, UndecryptedHistoryError)

    def add_contradiction(self, order_id: str, run_id: str) -> None:
        """Record that two bundles contain different histories of one run."""
        why = f"two bundles contain different histories of its run {run_id}"
        self._contradictions.append((order_id, why))

    @property
    def lack_their_keys(self) -> str:
        """The reason if no history can be read for lack of keys; otherwise empty."""
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
            f"{none} {cannot}: the payload key is missing or wrong ({self._why[0][1]})"
        )

    def differences(self) -> Iterator[Difference]:
        """Yield one difference for each; a single one if all lack their keys."""
        why = self._why
        if self.lack_their_keys:
            why = [("", self.lack_their_keys)]
        for order_id, reason in (*why, *self._contradictions):
            yield Difference(Kind.UNREADABLE_HERE, order_id=order_id, note=reason)
