"""The payment API's answers, with the fields that the shop reads.

Statuses and outcomes are texts, and unknown fields are ignored, so that a newer API
does not break the shop's pages.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

# The API's status of late money that only a person can settle. If the API rewords it,
# the page says that the money is being dealt with, which is also true.
A_PERSON_MUST_DECIDE = "a person must decide"


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Wallet(Answer):
    """A wallet and its rules, with limits in minor units of its currency."""

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
    """Money that came after the payment had ended; no outcome while undecided.

    Attributes:
        status: The API's text, such as A_PERSON_MUST_DECIDE.
    """

    payment_request_id: str
    status: str = ""
    outcome: str | None = None
    paid_at: str | None = None

    @property
    def fate(self) -> str | None:
        """Its outcome, or GONE if Alipay did not keep the money.

        NOT_PAID without a time means that it was never paid.
        """
        is_gone = self.outcome == "NOT_PAID" and self.paid_at
        return "GONE" if is_gone else self.outcome

    @property
    def is_under_review(self) -> bool:
        return self.outcome is None and self.status == A_PERSON_MUST_DECIDE


class RefundInBrief(Answer):
    """The amount and the status of a refund."""

    refund_id: str
    amount: Money
    status: str


class RefundsInBrief(Answer):
    """The refunds of a payment.

    Attributes:
        given_back: The refunded sum, including refunds from outside the API.
    """

    given_back: Money
    refunds: tuple[RefundInBrief, ...] = ()


class PaymentState(Answer):
    """The state of a payment."""

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
    """A field, and the rule that it breaks, in the API's words."""

    field: str = ""
    rule: str = ""


class Refusal(Answer):
    """A problem document: why the API refuses a request.

    Attributes:
        detail: The explanation, in English.
        errors: The fields that break a rule.
        result_code, result_message, advice: Alipay's code and message, and the API's
            advice; only for refunds that Alipay has refused.
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
    """Return the attempt's number, after the last `_`; 0 if there is none."""
    number = payment_request_id.rpartition("_")[2]
    return int(number) if number.isdecimal() and len(number) < 10 else 0
