"""The refunds of one order: as requested, as reported to the shop, and as made."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RefundReport:
    """The API's report of one refund."""

    refund_id: str
    value: int
    status: str

    @property
    def is_over(self) -> bool:
        return self.status in ("SUCCEEDED", "REFUSED", "RETURNED")

    @property
    def waits_with_a_reason(self) -> bool:
        """Whether it is open, with a status that names the reason."""
        return self.status in ("WAITING", "IN_PROCESS", "SENT")


@dataclass(frozen=True)
class RefundRecords:
    """The refunds of one order: as requested, as reported to the shop, and as made.

    Attributes:
        asked: The refund_ids that the API has accepted.
        reported: The API's reports; None if it has none.
        reported_elsewhere: The reported amount of refunds outside the API.
        moved: How often money moved, for each refund of the API.
        given_back: The returned amount of the payment, from any source.
        portal: The part of it that was refunded in the portal.
    """

    asked: tuple[str, ...] = ()
    reported: tuple[RefundReport, ...] | None = None
    reported_elsewhere: int = 0
    moved: tuple[int, ...] = ()
    given_back: int = 0
    portal: int = 0

    @property
    def succeeded(self) -> int:
        """The amount of the shop's refunds that the API reports as successful."""
        return sum(
            one.value for one in self.reported or () if one.status == "SUCCEEDED"
        )

    @property
    def open(self) -> int:
        return sum(one.value for one in self.reported or () if not one.is_over)

    @property
    def is_unknown(self) -> bool:
        """Whether the API refunded money without reporting it to the shop."""
        ours = self.given_back - self.portal
        return not self.succeeded <= ours <= self.succeeded + self.open

    @property
    def is_lost(self) -> bool:
        """Whether a requested refund is not reported, or open without a reason."""
        reported = {one.refund_id: one for one in self.reported or ()}
        return any(
            name not in reported
            or not (reported[name].is_over or reported[name].waits_with_a_reason)
            for name in self.asked
        )


def read_reports(
    state: dict[str, Any] | None,
) -> tuple[tuple[RefundReport, ...] | None, int]:
    """Read the answer of GET .../refunds: the reports, and the amount elsewhere."""
    if state is None:
        return None, 0
    reported = tuple(
        RefundReport(one["refund_id"], one["amount"]["value"], one["status"])
        for one in state["refunds"]
    )
    other = sum(one["amount"]["value"] for one in state["elsewhere"] if one["amount"])
    return reported, other
