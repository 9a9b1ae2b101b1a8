"""What the payment API answers, as far as the shop reads it.

Statuses and outcomes stay text, and unknown fields are ignored: an API that is newer
than the shop must not break its pages.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

# The status of late money that only a person can settle. In other words it would count
# as being dealt with, which is as true and says less.
A_PERSON_MUST_DECIDE = "a person must decide"


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Wallet(Answer):
    """A wallet and its rules; limits in minor units of its currency."""

    code: str
    name: str
    minimum: int | None = None
    maximum: int | None = None
    value_multiple: int = 1
    default_expiry_minutes: int
    longest_expiry_minutes: int
    may_cancel: bool
    refund: str


class WalletList(Answer):
    """The answer of `GET /wallets`."""

    wallets: tuple[Wallet, ...]


class Cashier(Answer):
    """The wallet's page."""

    url: str


class Money(Answer):
    """An amount in minor units."""

    currency: str
    value: int


class Attempt(Answer):
    """One attempt to pay an order, with one wallet."""

    payment_request_id: str
    wallet: str
    cashier: Cashier | None = None
    expires_at: datetime | None = None
    is_paid: bool = False

    @property
    def number(self) -> int:
        return number_of(self.payment_request_id)


class LateMoney(Answer):
    """Money that came after the payment's end; without an outcome while undecided.

    Attributes:
        status: In the API's words; one of them is A_PERSON_MUST_DECIDE.
    """

    payment_request_id: str
    status: str = ""
    outcome: str | None = None
    paid_at: str | None = None

    @property
    def fate(self) -> str | None:
        """What became of it: its outcome, or GONE where Alipay had not kept it.

        NOT_PAID without a time was never paid at all.
        """
        is_gone = self.outcome == "NOT_PAID" and self.paid_at
        return "GONE" if is_gone else self.outcome

    @property
    def is_under_review(self) -> bool:
        return self.outcome is None and self.status == A_PERSON_MUST_DECIDE


class RefundInBrief(Answer):
    """A refund of an order: how much, and where it is; in the API's words."""

    refund_id: str
    amount: Money
    status: str


class RefundsInBrief(Answer):
    """What has gone back of a payment.

    Attributes:
        given_back: All of it, also what was not refunded through the API.
    """

    given_back: Money
    refunds: tuple[RefundInBrief, ...] = ()


class PaymentState(Answer):
    """All that the API knows of a payment."""

    status: str
    outcome: str | None = None
    amount: Money
    attempts: tuple[Attempt, ...] = Field(min_length=1)
    paid_at: str | None = None
    closed_at: datetime | None = None
    late_money: tuple[LateMoney, ...] = ()
    refunds: RefundsInBrief | None = None

    @property
    def newest(self) -> Attempt:
        return self.attempts[-1]


class OpenedPayment(Answer):
    """The answer of `POST /payments`."""

    cashier: Cashier | None = None
    outcome: str | None = None


class BrokenRule(Answer):
    """A field that breaks a rule, in the API's words."""

    field: str = ""
    rule: str = ""


class Refusal(Answer):
    """A problem document: why the API does not do what it was asked.

    Attributes:
        detail: In the API's words, which are English.
        errors: The fields that break a rule.
        result_code, result_message, advice: Alipay's code and words, and what the API
            advises; only of refunds that Alipay has refused.
    """

    code: str = "UNKNOWN"
    detail: str = ""
    errors: tuple[BrokenRule, ...] = ()
    available_at: datetime | None = None
    cashier: Cashier | None = None
    result_code: str | None = None
    result_message: str | None = None
    advice: str | None = None


def number_of(payment_request_id: str) -> int:
    """Return the attempt's number, which stands after the last `_`; 0 for none."""
    number = payment_request_id.rpartition("_")[2]
    return int(number) if number.isdecimal() and len(number) < 10 else 0
