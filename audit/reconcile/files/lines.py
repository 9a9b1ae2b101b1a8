"""One line of Alipay's files, and what distinguishes it from all other lines.

What an id means depends on the kind of line and on the form of the file. In today's
reports `transactionId` is the payment's in every line, and only `transactionRequestId`
distinguishes refunds; a dispute has none, so nothing distinguishes two disputes of one
payment apart. In the older form a refund, a dispute or a capture has a `transactionId`
of its own, and names the payment as `originalTransactionId` (docs/auditing.md).
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from contracts import Money

Key = tuple[str, ...]


class Movement(StrEnum):
    """Which way money went; a cancelled payment and a refund both give it back.

    A refund that bounces stands in settlement files alone.
    """

    PAYMENT = "PAYMENT"
    BACK = "BACK"
    RETURNED = "RETURNED"  # a refund that bounced: back to the merchant


REFUND: Final = "REFUND"
# AlipayHK's words, and what Alipay calls the same elsewhere.
SAME_WORD: Final = {"P": "PAYMENT", "R": REFUND}
MOVEMENTS: Final = {
    "PAYMENT": Movement.PAYMENT,
    REFUND: Movement.BACK,
    "CANCEL": Movement.BACK,
    "REVERSAL": Movement.BACK,
    "REVERSE": Movement.BACK,
    "PAYMENT_REVERSAL": Movement.BACK,
    # What Alipay calls a refund that bounced was found on no page: these words say so.
    **dict.fromkeys(
        ("REFUND_RETURN", "REFUND_RETURNED", "REFUND_REVERSAL", "REFUND_REVERSE"),
        Movement.RETURNED,
    ),
}
# A payment has one of each, so that the payment's id names it. (One that was reversed
# has an id of Alipay's own in the older form.)
ONE_FOR_EACH_PAYMENT: Final = ("PAYMENT", "CANCEL", "REVERSAL", "REVERSE")
# Of the newer transaction file, which lists failures, too. Any other word is reported
# with its line if we do not know the money.
NO_MONEY: Final = {
    "FAIL", "FAILED", "FAILURE", "PROCESSING", "PENDING", "INPROGRESS", "CLOSED",
    "EXPIRED", "TIMEOUT", "DECLINED", "REJECTED", "INIT", "CREATED",
}  # fmt: skip
MONEY_MOVED: Final = {
    "", "SUCCESS", "SUCCESSFUL", "SUCCEEDED", "SUCCEED", "SETTLED", "PAID", "COMPLETED",
    "P", "L",
}  # fmt: skip


# The newer transaction file bears the latest status of a payment: this one's money is
# not with Alipay any more.
GIVEN_UP: Final = ("CANCELLED", "CANCELED")


@dataclass(frozen=True)
class Row:
    """One line of a file: money that moved, or did not.

    Attributes:
        type: Alipay's word, in capitals.
        movement: None for what this system does not do, as a dispute.
        amount_minor: In minor units. Not negative where `movement` says which way the
            money went; else with the sign that the file bears.
        status: Alipay's word, in capitals; empty where the file has none.
    """

    file: Path
    line: int
    type: str
    movement: Movement | None
    request_id: str
    transaction_id: str
    original_request_id: str
    original_id: str
    currency: str
    amount_minor: int
    status: str

    @property
    def moved(self) -> bool:
        return self.status not in NO_MONEY

    @property
    def where(self) -> str:
        """File and line, for people."""
        return f"{self.file.name}:{self.line}"

    @property
    def money(self) -> Money:
        return Money(currency=self.currency, value=self.amount_minor)

    @property
    def own_id(self) -> str:
        """The id of this movement and of no other; empty where the line has none."""
        if self.type in ONE_FOR_EACH_PAYMENT:
            return self.request_id or self.transaction_id
        if self._has_refund_id:
            return self.request_id
        if self.original_id and self.transaction_id != self.original_id:
            return self.transaction_id
        return ""

    @property
    def key(self) -> Key:
        """What all lines about one movement have in common, in whatever file.

        Without an id of its own a line agrees with another only if all agrees.
        """
        if self.own_id:
            return (self.type, self.own_id)
        return (
            self.type,
            self.request_id,
            self.transaction_id,
            self.original_request_id,
            self.original_id,
            self.currency,
            str(self.amount_minor),
        )

    def agrees_with(self, other: "Row") -> bool:
        """Whether a line with the same key can be about the same movement.

        A field that only one of them has does not count. Nor does the `transactionId`
        of a refund that is named by the merchant: the two forms put other ids there.
        """
        money = (self.currency, self.amount_minor)
        if self.type != other.type or money != (other.currency, other.amount_minor):
            return False
        pairs = [(self.request_id, other.request_id)]
        if not (self._has_refund_id and other._has_refund_id):
            pairs += [
                (self.transaction_id, other.transaction_id),
                (self.original_request_id, other.original_request_id),
                (self.original_id, other.original_id),
            ]
        return all(one == two for one, two in pairs if one and two)

    @property
    def _has_refund_id(self) -> bool:
        """Whether this is a refund's line, or its return's, with the refund's id.

        And not with the payment's: AlipayHK gives that where the refund had no id.
        """
        return (
            (self.type == REFUND or self.movement is Movement.RETURNED)
            and bool(self.request_id)
            and self.request_id != self.original_request_id
        )
