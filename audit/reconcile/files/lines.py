"""One line of Alipay's files, and the key that identifies its movement of money.

The meaning of an id depends on the type of the line and on the form of the file. In
today's reports `transactionId` is the payment's in every line, and only
`transactionRequestId` distinguishes refunds; a dispute has none, so that two disputes
of one payment look alike. In the older form a refund, a dispute or a capture has a
`transactionId` of its own, and names the payment as `originalTransactionId`
(docs/auditing.md).
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from contracts import Money

Key = tuple[str, ...]


class Movement(StrEnum):
    """The direction of money; a cancelled payment and a refund both return it.

    Bounced refunds appear only in settlement files.
    """

    PAYMENT = "PAYMENT"
    BACK = "BACK"
    RETURNED = "RETURNED"  # a bounced refund: back to the merchant


REFUND: Final = "REFUND"
# AlipayHK's types, and Alipay's other names for them.
SAME_WORD: Final = {"P": "PAYMENT", "R": REFUND}
MOVEMENTS: Final = {
    "PAYMENT": Movement.PAYMENT,
    REFUND: Movement.BACK,
    "CANCEL": Movement.BACK,
    "REVERSAL": Movement.BACK,
    "REVERSE": Movement.BACK,
    "PAYMENT_REVERSAL": Movement.BACK,
    # No page documents Alipay's type for a bounced refund: any of these words counts.
    **dict.fromkeys(
        ("REFUND_RETURN", "REFUND_RETURNED", "REFUND_REVERSAL", "REFUND_REVERSE"),
        Movement.RETURNED,
    ),
}
# A payment has one of each at most, so that the payment's id identifies it. (A reversed
# one has an id of its own in the older form.)
ONE_FOR_EACH_PAYMENT: Final = ("PAYMENT", "CANCEL", "REVERSAL", "REVERSE")
# Statuses of the newer transaction file, which also lists failures. Lines with an
# unknown status are reported if we do not know the money.
NO_MONEY: Final = {
    "FAIL", "FAILED", "FAILURE", "PROCESSING", "PENDING", "INPROGRESS", "CLOSED",
    "EXPIRED", "TIMEOUT", "DECLINED", "REJECTED", "INIT", "CREATED",
}  # fmt: skip
MONEY_MOVED: Final = {
    "", "SUCCESS", "SUCCESSFUL", "SUCCEEDED", "SUCCEED", "SETTLED", "PAID", "COMPLETED",
    "P", "L",
}  # fmt: skip


# The newer transaction file has the latest status of a payment: after these, Alipay no
# longer has the money.
GIVEN_UP: Final = ("CANCELLED", "CANCELED")


@dataclass(frozen=True)
class Row:
    """One line of a file: a movement of money, completed or not.

    Attributes:
        type: Alipay's type, in capitals.
        movement: None for types that this system does not make, such as a dispute.
        amount_minor: In minor units. Not negative where `movement` is the direction;
            otherwise with the sign in the file.
        status: Alipay's status, in capitals; empty where the file has none.
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
        """File and line, as text."""
        return f"{self.file.name}:{self.line}"

    @property
    def money(self) -> Money:
        return Money(currency=self.currency, value=self.amount_minor)

    @property
    def own_id(self) -> str:
        """The id of this movement only; empty where the line has none."""
        if self.type in ONE_FOR_EACH_PAYMENT:
            return self.request_id or self.transaction_id
        if self._has_refund_id:
            return self.request_id
        if self.original_id and self.transaction_id != self.original_id:
            return self.transaction_id
        return ""

    @property
    def key(self) -> Key:
        """The key that all lines about one movement share, in all files.

        A line without an id of its own only agrees with lines that are equal in all
        fields.
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
        """Whether another line with the same key can be about the same movement.

        A field that only one of them has is ignored. So is the `transactionId` of a
        refund with an id of the merchant: the two forms have different ids there.
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
        """Whether this is the line of a refund, or of its bounce, with the refund's id.

        And not with the payment's id, which AlipayHK uses for refunds without an id.
        """
        return (
            (self.type == REFUND or self.movement is Movement.RETURNED)
            and bool(self.request_id)
            and self.request_id != self.original_request_id
        )
