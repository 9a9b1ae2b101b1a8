"""One refund: its state, and whether its payment allows it; pure, time is told.

Sources: docs/protocol.md 3.7.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RefundStatus(StrEnum):
    """The refundStatus values of inquiryRefund."""

    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"


@dataclass
class Refund:
    """One refund; it is done once `done_at` has passed and it has succeeded or failed.

    Attributes:
        asynchronous: The answer only took it on, so that a notification tells the end.
        fails_with: The result code with which it ends as failed; None: it succeeds.
        is_refused: The very call was answered F, so no transaction was ever made.
        notify_url: Where its notifications go; None: to the dashboard's address.
        returns_at: When the money comes back to the merchant (a fault).
        returned_at: When it has come back; the refund stays SUCCESS all the same.
    """

    refund_request_id: str
    refund_id: str
    value: int
    done_at: datetime
    done: bool = False
    asynchronous: bool = False
    fails_with: str | None = None
    is_refused: bool = False
    notify_url: str | None = None
    reason: str | None = None
    returns_at: datetime | None = None
    returned_at: datetime | None = None

    @property
    def status(self) -> RefundStatus:
        if not self.done:
            return RefundStatus.PROCESSING
        return RefundStatus.FAIL if self.fails_with else RefundStatus.SUCCESS

    @property
    def has_failed(self) -> bool:
        return self.status is RefundStatus.FAIL

    @property
    def counts(self) -> bool:
        """Whether its amount cannot be refunded once more.

        Our conclusion: money that has come back may be refunded again; no page says.
        """
        return not self.has_failed and self.returned_at is None
