"""The result of a comparison: differences, sums, and the files."""

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum

from audit.reconcile.files.reading import SettlementFile
from contracts import Money


class Kind(StrEnum):
    """What a person must look at."""

    MISSING_HERE = "MISSING_HERE"  # Alipay lists money that we do not know
    MISSING_THERE = "MISSING_THERE"  # we know money that no file lists
    DIFFERENT_MONEY = "DIFFERENT_MONEY"
    TWICE_THERE = "TWICE_THERE"
    REFUNDED_IN_PORTAL = "REFUNDED_IN_PORTAL"  # nobody has asked this system for it
    REFUND_RETURNED = "REFUND_RETURNED"  # it bounced, and nobody has recorded that
    UNREADABLE_HERE = "UNREADABLE_HERE"  # `cashier audit verify` says more
    ORDER_MISSING_HERE = "ORDER_MISSING_HERE"  # the shop lists an order we do not know
    ORDER_MISSING_THERE = "ORDER_MISSING_THERE"  # paid here, and the shop lists it not
    ORDER_DIFFERS = "ORDER_DIFFERS"  # paid for one side, and not for the other
    REFUNDS_DIFFER = "REFUNDS_DIFFER"  # the shop calls another amount refunded
    CUT_OFF = "CUT_OFF"  # a file is not whole, so it may list more money than we see


@dataclass(frozen=True)
class Difference:
    """One difference, with what both sides say.

    Attributes:
        movement: PAYMENT, BACK or RETURNED, or Alipay's word for what this system never
            does; ORDER where the shop's list of orders is compared.
        order_id: Empty where neither our histories nor the files name it.
        id: By which the payment or refund was asked for; Alipay's where it was not.
        here, there: What each side says. Of what this system never does, negative
            where the file says so.
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
        where: The lines that list it, and its return.
    """

    order_id: str
    id: str
    amount: Money
    where: str


@dataclass
class Sums:
    """How many movements, and how much in minor units, on each side."""

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
        sums: By currency and movement; each movement once, however many files list it.
            What Alipay has returned by itself is not in them.
        lack_their_keys: Why none of our histories can be read, if each one lacks its
            payload key; then it is the first of the differences. Else empty.
        orders: How many orders the shop's list has; None where none was given.
        not_settled: Matched payments that no settlement file lists yet, for Alipay
            pays out days later; None where no settlement file was given.
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
    """Return notes as one, without those that say nothing."""
    return "; ".join(filter(None, notes))
