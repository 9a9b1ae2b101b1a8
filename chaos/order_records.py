"""The three records of one order (ledger, workflow, shop), and their comparison."""

from dataclasses import dataclass, field
from enum import StrEnum

from chaos.refunds.records import RefundRecords


class Column(StrEnum):
    """The faults that are counted over all orders; each count must be 0."""

    PAID_AND_UNKNOWN = "paid and unknown to the shop"
    UNPAID_BUT_PAID = "unpaid but PAID"
    CHARGED_TWICE = "charged twice"
    STILL_OPEN = "still open without reason"
    RECORDS_DIFFER = "shop and workflow say different things"
    MORE_BACK = "more given back than paid"
    BACK_AND_UNKNOWN = "given back and unknown to the shop"
    REFUND_LOST = "asked for and neither given back nor refused nor waiting"
    REFUNDED_TWICE = "one refund moved money twice"


# The status of a late payment that waits for a person (LatePaymentView.status).
A_PERSON_MUST_DECIDE = "a person must decide"


@dataclass(frozen=True)
class LateMoneyReport:
    """The report of money that came after its payment had ended."""

    payment_request_id: str
    status: str
    outcome: str | None

    @property
    def is_in_review(self) -> bool:
        return self.outcome is None and self.status == A_PERSON_MUST_DECIDE


@dataclass(frozen=True)
class OrderReport:
    """The report of an order, by its workflow or by the API."""

    status: str
    outcome: str | None
    late: tuple[LateMoneyReport, ...] = ()
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
        """Whether anything is still under way that does not wait for a person."""
        late = any(late.outcome is None and not late.is_in_review for late in self.late)
        return late or (self.outcome is None and self.status != "REVIEW")


@dataclass(frozen=True)
class Money:
    """The simulator's ledger of one order.

    Attributes:
        held: The charged amount less returned money, by currency, in minor units.
        charges: The number of charged attempts whose money was not returned.
        is_overdrawn: Whether more was returned for an attempt than was charged.
        for_a_person: Events of the money that only a person may settle.
    """

    held: dict[str, int]
    charges: int = 0
    for_a_person: tuple[str, ...] = ()
    is_overdrawn: bool = False


@dataclass(frozen=True)
class OrderRecords:
    """The three records of one order; None where it is unknown."""

    order_id: str
    currency: str
    value: int
    money: Money
    workflow: OrderReport | None
    shop: OrderReport | None
    refunds: RefundRecords = field(default_factory=RefundRecords)

    @property
    def held(self) -> int:
        """The kept amount, including refunds of the shop, in minor units."""
        return self.money.held.get(self.currency, 0) + self.refunds.given_back

    @property
    def is_justly_in_review(self) -> bool:
        in_review = self.shop is not None and self.shop.is_in_review
        return in_review and bool(self.money.for_a_person)

    def faults(self) -> list[Column]:
        """Return the faults of this order."""
        shop = self.shop or OrderReport("UNKNOWN", None)
        workflow = self.workflow or OrderReport("UNKNOWN", None)
        says_paid = shop.says_paid or workflow.says_paid
        tests = {
            Column.PAID_AND_UNKNOWN: (any(self.money.held.values()) or self.held)
            and not shop.says_paid
            and not shop.is_in_review,
            Column.UNPAID_BUT_PAID: says_paid
            and (self.held < self.value or self._holds_other_money),
            # A person may settle a different amount, but never a second charge.
            Column.CHARGED_TWICE: self.money.charges > 1
            or (self.held > self.value and not self.is_justly_in_review),
            Column.STILL_OPEN: shop.is_open
            or (shop.is_in_review and not self.is_justly_in_review),
            Column.RECORDS_DIFFER: shop != workflow,
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
