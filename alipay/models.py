"""Alipay's messages, field by field, as far as we read or send them.

Scalars travel as JSON strings ("20", "true"), sometimes as numbers: both are read.
Unknown fields are kept, since Alipay adds fields without notice (protocol.md 1.8, 2.3).
Source of all fields: Alipay Global, `payment_cashier`, `paymentri_online`,
`paymentc_online` and `paymentrn_online` under https://global.alipay.com/docs/ac/ams/
"""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PrivateAttr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

from alipay.messages import Exchange
from alipay.strict_json import REPLACEMENT


def _whole_number(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and value.isascii() and value.isdigit():
        # Alipay's longest amount has 16 characters; int() of megabytes would take too
        # long.
        if len(value) > 16:
            raise ValueError("an amount has at most 16 digits")
        number = int(value)
    else:
        raise ValueError("an amount is a whole number of minor units")
    if number < 0:
        raise ValueError("an amount is not negative")
    return number


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    """Read an informative field; a malformed one must not hide that money moved."""
    try:
        return read(value)
    except ValidationError:
        return None


def _whole_text(value: str) -> str:
    """Return a text that decides about money; reject one with unreadable characters."""
    if REPLACEMENT in value:
        raise ValueError("half of a character stands in it")
    return value


WholeText = Annotated[str, AfterValidator(_whole_text)]
# Minor units: an int here, digits in a JSON string in messages.
MinorUnits = Annotated[int, BeforeValidator(_whole_number), PlainSerializer(str)]


class Wire(BaseModel):
    """Base of the models: camelCase in messages, snake_case in code."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        frozen=True,
        coerce_numbers_to_str=True,
    )

    def to_wire(self) -> bytes:
        """Return the JSON bytes to sign and send."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class Amount(Wire):
    """Money: an ISO 4217 code and a whole number of the currency's smallest unit."""

    currency: WholeText
    value: MinorUnits


class Result(Wire):
    """The result block of every answer.

    `S` done, `F` refused, `U` unknown; any other letter is a `U` (protocol.md 3.1).
    """

    result_code: WholeText
    result_status: WholeText
    result_message: Annotated[str | None, WrapValidator(_or_none)] = None


class SettlementQuote(Wire):
    """The exchange rate at which Alipay settles."""

    quote_currency_pair: str | None = None
    quote_price: str | None = None
    quote_id: str | None = None


class Settlement(Wire):
    """The settlement block shared by answers and notifications; only information."""

    gross_settlement_amount: Annotated[Amount | None, WrapValidator(_or_none)] = None
    settlement_quote: Annotated[SettlementQuote | None, WrapValidator(_or_none)] = None


class PaymentMethod(Wire):
    """The wallet, by Alipay's code; free text, for the set of codes is open."""

    payment_method_type: str


class SettlementStrategy(Wire):
    """In which currency the merchant is paid out."""

    settlement_currency: str


class WireGoods(Wire):
    """One article."""

    reference_goods_id: str
    goods_name: str
    goods_category: str | None = None
    goods_unit_amount: Amount | None = None
    goods_quantity: str | None = None
    goods_url: str | None = None
    delivery_method_type: str | None = None


class BuyerName(Wire):
    """The customer's name."""

    first_name: str | None = None
    last_name: str | None = None


class Buyer(Wire):
    """The customer, in Alipay's word for it."""

    reference_buyer_id: str | None = None
    buyer_name: BuyerName | None = None
    buyer_phone_no: str | None = None
    buyer_email: str | None = None


class WireOrder(Wire):
    """The order as the customer and Alipay's risk evaluation see it; moves no money."""

    reference_order_id: str
    order_description: str
    order_amount: Amount
    goods: list[WireGoods] | None = None
    buyer: Buyer | None = None


class BrowserInfo(Wire):
    """The customer's browser."""

    user_agent: str | None = None


class Env(Wire):
    """The merchant's terminal (not the wallet's), and the customer's device."""

    terminal_type: str
    os_type: str | None = None
    client_ip: str | None = None
    device_id: str | None = None
    device_token_id: str | None = None
    device_language: str | None = None
    browser_info: BrowserInfo | None = None


class PayRequest(Wire):
    """`POST /v1/payments/pay`."""

    product_code: Literal["CASHIER_PAYMENT"] = "CASHIER_PAYMENT"
    payment_request_id: str
    order: WireOrder
    payment_amount: Amount
    payment_method: PaymentMethod
    payment_expiry_time: str | None = None
    payment_redirect_url: str
    payment_notify_url: str | None = None
    settlement_strategy: SettlementStrategy | None = None
    env: Env


class PaymentQuestion(Wire):
    """`POST /v1/payments/inquiryPayment` and `/cancel`."""

    payment_request_id: str


class PaymentIdQuestion(Wire):
    """`POST /v1/payments/inquiryPayment`, by Alipay's own id (docs/protocol.md 2.2)."""

    payment_id: str


class RedirectActionForm(Wire):
    """The older spelling of the wallet's page, still returned."""

    redirect_url: str | None = None


class Answer(Settlement):
    """The common part of answers; only `result` is always there.

    `response_time` is not a field of the body but the header of the same name: Alipay's
    clock when it answered. Nor is `exchange`, the proof of the answer: request and
    answer as they were signed.
    """

    response_time: str | None = None
    _exchange: Exchange | None = PrivateAttr(default=None)
    result: Result
    payment_request_id: WholeText | None = None
    payment_id: WholeText | None = None
    payment_amount: Amount | None = None
    payment_create_time: str | None = None
    payment_time: str | None = None
    redirect_action_form: Annotated[
        RedirectActionForm | None, WrapValidator(_or_none)
    ] = None

    @property
    def exchange(self) -> Exchange | None:
        return self._exchange

    def proven_by(self, exchange: Exchange) -> Self:
        """Return the same answer with its proof."""
        proven = self.model_copy()
        proven._exchange = exchange
        return proven


class PayResponse(Answer):
    """The answer to `pay`; payable only with at least one URL (protocol.md 3.2)."""

    normal_url: str | None = None
    scheme_url: str | None = None
    applink_url: str | None = None


class Transaction(Wire):
    """A transaction after a payment was paid, such as a refund."""

    transaction_type: str | None = None
    transaction_status: str | None = None
    transaction_request_id: Annotated[WholeText | None, WrapValidator(_or_none)] = None
    transaction_amount: Annotated[Amount | None, WrapValidator(_or_none)] = None


class InquiryResponse(Answer):
    """The answer to `inquiryPayment`.

    `result` says only whether the inquiry worked; the payment's state is
    `payment_status`. `payment_result_code` explains and decides nothing: it is SUCCESS
    on CANCELLED.
    """

    payment_status: str | None = None
    payment_result_code: str | None = None
    payment_result_message: str | None = None
    transactions: list[Transaction] | None = None

    @property
    def is_refunded(self) -> bool:
        """Whether a refund was made or is under way; the status stays SUCCESS."""
        return bool(self.refunds)

    @property
    def refunds(self) -> list[Transaction]:
        """The refunds that were made or are under way."""
        return [
            one
            for one in self.transactions or ()
            if one.transaction_type == "REFUND" and one.transaction_status != "FAIL"
        ]


class CancelResponse(Answer):
    """The answer to `cancel`."""

    cancel_time: str | None = None


# A field of a notification: None where it is missing or cannot be read.
_Readable = Annotated[WholeText | None, WrapValidator(_or_none)]


class Notification(Settlement):
    """Any message that Alipay sends to a notification URL (protocol.md 2.3, 2.7, 2.8).

    It proves a payment only as PAYMENT_RESULT with S, paymentId and paymentAmount.
    Every field is None where it is missing or cannot be read.
    """

    notify_type: _Readable = None
    # The type in a `notifyDispute`.
    dispute_notification_type: _Readable = None
    result: Annotated[Result | None, WrapValidator(_or_none)] = None
    payment_request_id: _Readable = None
    payment_id: _Readable = None
    refund_request_id: _Readable = None
    dispute_id: _Readable = None
    payment_amount: Annotated[Amount | None, WrapValidator(_or_none)] = None
    payment_create_time: _Readable = None
    payment_time: _Readable = None
    # In a REFUND_RESULT (protocol.md 2.7).
    refund_id: _Readable = None
    refund_status: _Readable = None
    refund_amount: Annotated[Amount | None, WrapValidator(_or_none)] = None

    @property
    def kind(self) -> str:
        """The notification's type, from the field its kind uses; may be empty."""
        return self.notify_type or self.dispute_notification_type or ""

    @property
    def is_of_a_payment(self) -> bool:
        """Whether it is about a payment itself (protocol.md 2.3)."""
        return self.notify_type in ("PAYMENT_RESULT", "PAYMENT_PENDING")

    @property
    def is_of_a_refund(self) -> bool:
        """Whether it is about a refund (protocol.md 2.7)."""
        return self.notify_type == "REFUND_RESULT"


class RefundRequest(Wire):
    """`POST /v1/payments/refund`; needs Alipay's payment_id (protocol.md 2.5)."""

    refund_request_id: str
    payment_id: str
    refund_amount: Amount
    refund_reason: str | None = None
    refund_notify_url: str | None = None


class RefundResponse(Answer):
    """The answer to `refund`: S done, U REFUND_IN_PROCESS accepted."""

    refund_id: str | None = None
    refund_request_id: WholeText | None = None
    refund_amount: Amount | None = None


class RefundInquiryResponse(Answer):
    """The answer to `inquiryRefund`; the refund is in `refund_status`."""

    refund_request_id: WholeText | None = None

    refund_status: str | None = None
    refund_id: str | None = None
