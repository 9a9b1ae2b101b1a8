"""The refunds of one order: as asked for, as the shop is told, and as they are."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RefundTold:
    """What the shop is told of one refund."""

    refund_id: str
    value: int
    status: str

    @property
    def is_over(self) -> bool:
        return self.status in ("SUCCEEDED", "REFUSED", "RETURNED")

    @property
    def waits_with_a_reason(self) -> bool:
        """Whether it is open, and says what for: everybody can see it."""
        return self.status in ("WAITING", "IN_PROCESS", "SENT")


@dataclass(frozen=True)
class RefundBook:
    """The refunds of one order, as asked for, as the shop is told, and as they are.

    Attributes:
        asked: The refund_ids that the API has taken on.
        told: What it says of each now; None where it says nothing at all.
        told_elsewhere: What it says to have gone back otherwise.
        moved: Per refund of ours, how often money moved for it.
        given_back: What went back of the payment in all, by whoever's hand.
        portal: What of it went back by the portal.
    """

    asked: tuple[str, ...] = ()
    told: tuple[RefundTold, ...] | None = None
    told_elsewhere: int = 0
    moved: tuple[int, ...] = ()
    given_back: int = 0
    portal: int = 0

    @property
    def succeeded(self) -> int:
        """What the shop is told to have gone back by its own refunds."""
        return sum(one.value for one in self.told or () if one.status == "SUCCEEDED")

    @property
    def open(self) -> int:
        return sum(one.value for one in self.told or () if not one.is_over)

    @property
    def is_unknown(self) -> bool:
        """Whether money of ours went back of which the shop is told nothing."""
        ours = self.given_back - self.portal
        return not self.succeeded <= ours <= self.succeeded + self.open

    @property
    def is_lost(self) -> bool:
        """Whether the shop has asked for a refund, and hears nothing of it."""
        told = {one.refund_id: one for one in self.told or ()}
        return any(
            name not in told
            or not (told[name].is_over or told[name].waits_with_a_reason)
            for name in self.asked
        )


def read_told(
    state: dict[str, Any] | None,
) -> tuple[tuple[RefundTold, ...] | None, int]:
    """Read the answer to GET .../refunds."""
    if state is None:
        return None, 0
    told = tuple(
        RefundTold(one["refund_id"], one["amount"]["value"], one["status"])
        for one in state["refunds"]
    )
    other = sum(one["amount"]["value"] for one in state["elsewhere"] if one["amount"])
    return told, other
