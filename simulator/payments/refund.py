"""The state of one refund; pure: time is an argument.

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
        asynchronous: The answer only accepted it; a notification reports the result.
        fails_with: The result code with which it fails; None: it succeeds.
        is_refused: The call was answered F, so that no transaction was made.
        notify_url: Receives its notifications; None: the dashboard's URL does.
        returns_at: When the money returns to the merchant (a fault).
        returned_at: When the money has returned; the refund stays SUCCESS.
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
        """Whether it counts towards the refunded amount.

        Our conclusion, on which no page says anything: money that has returned may be
        refunded again.
        """
        return not self.has_failed and self.returned_at is None
