"""The result of a comparison: differences, sums, and the files."""

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from audit.reconcile.files.reading import SettlementFile
from contracts import Money


class Kind(StrEnum):
    """The kind of a difference that a person must examine."""

    MISSING_HERE = "MISSING_HERE"  # Alipay lists money that is not in our histories
    MISSING_THERE = "MISSING_THERE"  # money in our histories is in no file
    DIFFERENT_MONEY = "DIFFERENT_MONEY"
    TWICE_THERE = "TWICE_THERE"
    REFUNDED_IN_PORTAL = "REFUNDED_IN_PORTAL"  # not requested from this system
    REFUND_RETURNED = "REFUND_RETURNED"  # it bounced, and that was not recorded
    UNREADABLE_HERE = "UNREADABLE_HERE"  # `cashier audit verify` shows more
    ORDER_MISSING_HERE = (
        "ORDER_MISSING_HERE"  # the shop lists an order that is in no bundle
    )
    ORDER_MISSING_THERE = "ORDER_MISSING_THERE"  # paid here, and not in the shop's list
    ORDER_DIFFERS = "ORDER_DIFFERS"  # paid by one side only
    REFUNDS_DIFFER = "REFUNDS_DIFFER"  # the shop lists another refunded amount
    CUT_OFF = "CUT_OFF"  # a file is incomplete, so money may be missing


@dataclass(frozen=True)
class Difference:
    """One difference, with the values of both sides.

    Attributes:
        movement: PAYMENT, BACK or RETURNED, or Alipay's type if this system never makes
            it; ORDER for the shop's list of orders.
        order_id: Empty where neither our histories nor the files name it.
        id: The id of our request for the payment or refund; otherwise Alipay's.
        here, there: The amounts of both sides; negative only for types that this system
            never makes.
        where: File and line; empty where no file lists it.
    """

    kind: Kind
    movement: str = ""
    order_id: str = ""
    id: str = ""
    here: Money | None = None
    there: Money | None = None
    where: str = ""
    note: str = ""


@dataclass(frozen=True)
class Returned:
    """Money of an unpaid payment that Alipay took and returned by itself.

    Attributes:
        id: The payment's payment_request_id.
        where: The lines of the payment and of its return.
    """

    order_id: str
    id: str
    amount: Money
    where: str


@dataclass
class Sums:
    """The number of movements, and the sum in minor units, for each side."""

    here: int = 0
    here_minor: int = 0
    there: int = 0
    there_minor: int = 0
    matched: int = 0
    matched_minor: int = 0


@dataclass
class Reconciliation:
    """The result of the comparison.

    Attributes:
        sums: By currency and movement; each movement counts once, in however many files
            it is. Money that Alipay returned by itself is not included.
        lack_their_keys: The reason if no history can be read for lack of payload keys;
            it is then the first difference. Otherwise empty.
        orders: The number of orders in the shop's list; None without a list.
        not_settled: Matched payments that are in no settlement file yet, because Alipay
            settles days later; None without a settlement file.
    """

    differences: list[Difference] = field(default_factory=list)
    returned: list[Returned] = field(default_factory=list)
    sums: dict[tuple[str, str], Sums] = field(default_factory=lambda: defaultdict(Sums))
    files: list[SettlementFile] = field(default_factory=list)
    not_settled: int | None = None
    orders: int | None = None
    lack_their_keys: str = ""

    @property
    def matched(self) -> int:
        return sum(one.matched for one in self.sums.values())

    @property
    def is_clean(self) -> bool:
        return not self.differences


def joined(*notes: str) -> str:
    """Join notes, without empty ones."""
    return "; ".join(filter(None, notes))
