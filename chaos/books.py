"""The three books of one order, and what must never be found in them. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum

from chaos.refunds.book import RefundBook


class Column(StrEnum):
    """What is counted over all orders, and must be nothing."""

    PAID_AND_UNKNOWN = "paid and unknown to the shop"
    UNPAID_BUT_PAID = "unpaid but PAID"
    CHARGED_TWICE = "charged twice"
    STILL_OPEN = "still open without reason"
    BOOKS_DIFFER = "shop and workflow say different things"
    MORE_BACK = "more given back than paid"
    BACK_AND_UNKNOWN = "given back and unknown to the shop"
    REFUND_LOST = "asked for and neither given back nor refused nor waiting"
    REFUNDED_TWICE = "one refund moved money twice"


# The words of a late payment that waits for a person (LatePaymentView.status).
A_PERSON_MUST_DECIDE = "a person must decide"


@dataclass(frozen=True)
class LateTold:
    """What a book says about money that came after the end of its payment."""

    payment_request_id: str
    status: str
    outcome: str | None

    @property
    def is_in_review(self) -> bool:
        return self.outcome is None and self.status == A_PERSON_MUST_DECIDE


@dataclass(frozen=True)
class Told:
    """What a book of ours says about an order."""

    status: str
    outcome: str | None
    late: tuple[LateTold, ...] = ()
    review: str | None = field(default=None, compare=False)

    @property
    def says_paid(self) -> bool:
        """Whether the goods are to be delivered."""
        honoured = any(late.outcome == "HONOURED" for late in self.late)
        return self.outcome == "PAID" or honoured

    @property
    def is_in_review(self) -> bool:
        return self.status == "REVIEW" or any(late.is_in_review for late in self.late)

    @property
    def is_open(self) -> bool:
        """Whether anything is under way still, and does not wait for a person."""
        late = any(late.outcome is None and not late.is_in_review for late in self.late)
        return late or (self.outcome is None and self.status != "REVIEW")


@dataclass(frozen=True)
class Money:
    """The simulator's ledger of one order.

    Attributes:
        held: What was charged and has not gone back, by currency.
        charges: How many attempts were charged, less what went back by itself.
        is_overdrawn: More went back of an attempt than it was charged.
        for_a_person: What happened to the money that no program may settle.
    """

    held: dict[str, int]
    charges: int = 0
    for_a_person: tuple[str, ...] = ()
    is_overdrawn: bool = False


@dataclass(frozen=True)
class Books:
    """One order in the three books; None where a book does not know it."""

    order_id: str
    currency: str
    value: int
    money: Money
    workflow: Told | None
    shop: Told | None
    refunds: RefundBook = field(default_factory=RefundBook)

    @property
    def held(self) -> int:
        """What was charged and kept, or given back because the shop asked for it."""
        return self.money.held.get(self.currency, 0) + self.refunds.given_back

    @property
    def is_justly_in_review(self) -> bool:
        in_review = self.shop is not None and self.shop.is_in_review
        return in_review and bool(self.money.for_a_person)

    def faults(self) -> list[Column]:
        """Return what is wrong with this order."""
        shop = self.shop or Told("UNKNOWN", None)
        workflow = self.workflow or Told("UNKNOWN", None)
        says_paid = shop.says_paid or workflow.says_paid
        tests = {
            Column.PAID_AND_UNKNOWN: (any(self.money.held.values()) or self.held)
            and not shop.says_paid
            and not shop.is_in_review,
            Column.UNPAID_BUT_PAID: says_paid
            and (self.held < self.value or self._holds_other_money),
            # A person may have to settle another amount, but never a second charge.
            Column.CHARGED_TWICE: self.money.charges > 1
            or (self.held > self.value and not self.is_justly_in_review),
            Column.STILL_OPEN: shop.is_open
            or (shop.is_in_review and not self.is_justly_in_review),
            Column.BOOKS_DIFFER: shop != workflow,
            Column.MORE_BACK: self.money.is_overdrawn,
            Column.BACK_AND_UNKNOWN: self.refunds.is_unknown,
            Column.REFUND_LOST: self.refunds.is_lost,
            Column.REFUNDED_TWICE: any(times > 1 for times in self.refunds.moved),
        }
        return [column for column, is_wrong in tests.items() if is_wrong]

    @property
    def _holds_other_money(self) -> bool:
        return any(
            value
            for currency, value in self.money.held.items()
            if currency != self.currency
        )
