"""One order of a shop: the input of its payment's workflow."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from contracts.base import Contract, Money
from contracts.trust import AlipayTrust


class Terminal(Contract):
    """The kind of terminal the customer shops on: WEB, WAP or APP; os unless WEB."""

    type: str
    os: str | None = None


class Goods(Contract):
    """One article of an order, for Alipay's risk evaluation."""

    id: str
    name: str
    category: str | None = None
    unit_amount: Money | None = None
    quantity: int | None = None
    url: str | None = None
    delivery: str | None = None


class Customer(Contract):
    """The customer, for Alipay's risk evaluation; personal data."""

    id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None


class Device(Contract):
    """The customer's device as the shop sees it, for Alipay's risk evaluation."""

    ip: str | None = None
    device_id: str | None = None
    device_token_id: str | None = None
    language: str | None = None
    user_agent: str | None = None


# A run keeps the rules and texts of the release that began it, because its history must
# replay (docs/versioning.md). The rules that each release brought:
# 1: money is written as `PHP 1,314.00`; only a refusal of Alipay's is a result code.
# 2: a proven success ends a payment, even while a requested inquiry is unanswered; a
#    payment in which the customer has finished is CHECKING.
# 3: an open inquiry about one attempt does not delay the end of another one; an order
#    that one attempt has paid keeps no second charge, whatever its amount; a lost page
#    is followed by the next attempt; only an attempt that was declined is DECLINED; the
#    shop is notified of a review; late money looks at the order's payment first.
# 4: the workflow itself verifies Alipay's signatures, and reads the fields it decides
#    by from the signed bytes; the margin after an expiry is spread.
RELEASE = 5


class LateMoneyPolicy(StrEnum):
    """Whether money that comes after the payment's end is given back or kept."""

    REFUND = "REFUND"
    HONOUR = "HONOUR"


# The end of a run that Temporal does not have any more: its database was lost.
LOST = "LOST"


class StoppedAttempt(Contract):
    """An attempt that a stopped run may have sent to Alipay.

    Attributes:
        number: Of the attempt, over all runs of the order.
        wallet: Alipay's code; empty for an attempt known from notifications only.
        begun_at: When the stopped run began it, so that `pay` sends the same expiry.
    """

    number: int
    wallet: str
    begun_at: datetime


class StoppedRun(Contract):
    """A run that was stopped from outside, and whose payment a new run recovers.

    All fields are hints: the new run asks Alipay about each attempt.

    Attributes:
        run_id: Of the stopped run; empty where it is not known.
        ended: How it was stopped: TERMINATED, TIMED_OUT, FAILED or CANCELED; or LOST:
            the number of its attempts is unknown, and the new run opens none.
        by: The operator who has recovered it, `shop` or `Alipay`.
        reason: Why.
        attempts: Attempts that it may have sent, the newest last; empty if it sent
            none.
    """

    run_id: str
    ended: str
    by: str
    reason: str
    attempts: tuple[StoppedAttempt, ...] = ()


class Order(Contract):
    """One order of a shop, and how it is to be paid; the workflow's input.

    Attributes:
        order_id: The shop's id; the payment's key.
        amount: The amount the customer pays.
        wallet: Alipay's code of the wallet, e.g. GCASH.
        description: Shown to the customer.
        redirect_url: Where the wallet sends the customer afterwards.
        terminal: The shop's terminal.
        expires_in_minutes: Shorter than the wallet's default; None for the default.
        settlement_currency: In which currency Alipay pays the merchant out.
        goods, customer, client: For Alipay's risk evaluation only.
        first_attempt: Number of the first attempt; more than 1 after an unpaid run.
        carried: The facts of the run that was continued as new in this one.
        second_person_above: From more than this, in minor units of the order's
            currency, a resolution needs a second person; None: one is enough.
        tells_shop: Whether the shop gets the outcome by a callback.
        late_money: Whether the shop wants late money refunded or kept.
        runbook_url: The URL of the operators' runbook; for links in the Temporal UI.
        release: The `RELEASE` that began it; 0 before there were any.
        trust: Whose signatures count; None where the worker must be asked.
        stopped: The stopped run that this one recovers; None for all others.
    """

    order_id: str
    amount: Money
    wallet: str
    description: str
    redirect_url: str
    terminal: Terminal
    expires_in_minutes: int | None = None
    settlement_currency: str | None = None
    goods: list[Goods] | None = None
    customer: Customer | None = None
    client: Device | None = None
    first_attempt: int = 1
    carried: dict[str, Any] | None = None
    second_person_above: int | None = None
    tells_shop: bool = False
    runbook_url: str | None = None
    late_money: LateMoneyPolicy = LateMoneyPolicy.REFUND
    release: int = 0
    trust: AlipayTrust | None = None
    stopped: StoppedRun | None = None

    @property
    def is_lost(self) -> bool:
        """Whether this run recovers the payments of runs that Temporal has lost."""
        return self.stopped is not None and self.stopped.ended == LOST
