"""Late money: paid after its payment had ended, or on top of another one."""

from enum import StrEnum

from contracts.base import Contract, Money
from contracts.order import LateMoneyPolicy
from contracts.payment import PaymentNotified, Proposed, Resolved


class LateOutcome(StrEnum):
    """What became of late money."""

    NOT_PAID = "NOT_PAID"  # Alipay does not confirm it, or has returned it itself
    RETURNED = "RETURNED"  # cancelled after payment: all of it went back
    REFUNDED = "REFUNDED"
    HONOURED = "HONOURED"  # kept: the shop delivers although it was late


class LatePaymentInput(Contract):
    """A success that came after the payment's end, or on top of another one.

    Attributes:
        wallet: Alipay's code; empty where it is not known.
        amount: The order's; any other is a person's matter.
        notification: What was heard of it, if that was how it became known.
        second_person_above, tells_shop, runbook_url, release: As in `Order`.
    """

    order_id: str
    payment_request_id: str
    wallet: str
    amount: Money
    policy: LateMoneyPolicy
    notification: PaymentNotified | None = None
    second_person_above: int | None = None
    tells_shop: bool = False
    runbook_url: str | None = None
    release: int = 0


class LateResolution(Contract):
    """The update `resolve` of late money: what a person did with it, and why."""

    outcome: str = ""
    reason: str = ""
    by: str = ""


class LatePaymentView(Contract):
    """What is known of late money; the workflow's result too.

    Attributes:
        status: In words: what it waits for, or how it ended.
        review: Why a person must decide, and what money is at risk.
    """

    payment_request_id: str
    amount: Money
    status: str
    outcome: LateOutcome | None = None
    paid_at: str | None = None
    review: str | None = None
    proposed: Proposed | None = None
    resolved: Resolved | None = None
