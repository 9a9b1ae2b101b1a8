"""The bodies of requests and responses about payments."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from fastapi import Path
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    model_validator,
)

from api.refunded import RefundsOfPayment
from contracts import (
    ORDER_ID_PATTERN,
    Cashier,
    LateOutcome,
    LatePaymentView,
    Money,
    Order,
    PaymentOutcome,
    PaymentStatus,
    PaymentView,
    RefundsView,
    Settlement,
)

# Alipay's longest amount has 16 digits (docs/protocol.md 2.0).
LARGEST_VALUE = 10**16 - 1


# URLs with these schemes run code or open local content, and do not lead to a shop.
NOT_A_WAY_BACK = (
    *("about", "blob", "data", "file", "filesystem"),
    *("javascript", "vbscript", "view-source"),
    # Schemes of browsers and Android: none of them leads to a shop's page or app.
    *("chrome", "chrome-extension", "moz-extension", "resource", "content", "intent"),
    *("ftp", "ws", "wss"),
)


def _is_redirect_url(value: str) -> str:
    # Before the URL is parsed, because parsing drops some of these characters. A
    # browser reads a backslash as a slash, so that it may call another host than the
    # parser sees.
    if "\\" in value or not value.isprintable() or any(map(str.isspace, value)):
        raise ValueError(
            "must not contain blanks, line feeds, control characters or backslashes"
        )
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError for a port out of range
    if parts.scheme in NOT_A_WAY_BACK:
        raise ValueError("must not have a scheme that runs code or opens local content")
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if (
        not (parts.scheme and (parts.netloc or parts.path.strip("/")))
        or (parts.scheme in ("http", "https") and not parts.hostname)
        or (parts.scheme == "http" and not local)
    ):
        raise ValueError(
            "must be an absolute URL, with https or the scheme of your app"
        )
    if parts.scheme in ("http", "https") and not _is_plain_host(parts):
        raise ValueError("must have a plain host: ASCII, no empty labels, no user name")
    return value


def _is_plain_host(parts: SplitResult) -> bool:
    """Whether a person and a browser read the same host."""
    host = (parts.hostname or "").removesuffix(".")
    named = ":" in host or all(host.split("."))
    return parts.username is None and host.isascii() and named


OrderId = Annotated[
    str,
    Field(
        pattern=rf"^{ORDER_ID_PATTERN}$",
        description="The shop's id of the order: letters, digits, `-`, `_`; at most 60",
        examples=["coffee-1001"],
    ),
]
OrderIdInPath = Annotated[str, Path(pattern=rf"^{ORDER_ID_PATTERN}$")]
Text64 = Annotated[str, Field(min_length=1, max_length=64)]


class Body(BaseModel):
    """Base of request bodies: a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AmountBody(Body):
    """Money in minor units: `{"currency": "PHP", "value": 131400}` is PHP 1,314.00."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["PHP"])]
    value: Annotated[StrictInt, Field(ge=1, le=LARGEST_VALUE, examples=[131400])]


class TerminalBody(Body):
    """The shop's terminal: a desktop page, a mobile page, or the shop's own app."""

    type: Literal["WEB", "WAP", "APP"]
    os: Literal["IOS", "ANDROID"] | None = None

    @model_validator(mode="after")
    def _os_is_known(self) -> Self:
        if self.type != "WEB" and self.os is None:
            raise ValueError("os is needed when type is WAP or APP")
        return self


class GoodsBody(Body):
    """One article, for Alipay's risk evaluation."""

    id: Text64
    name: Annotated[str, Field(min_length=1, max_length=256)]
    category: Text64 | None = None
    unit_amount: AmountBody | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=10**9)] | None = None
    url: Annotated[str, Field(max_length=2048)] | None = None
    delivery: Literal["PHYSICAL", "DIGITAL"] | None = None


class CustomerBody(Body):
    """The customer, for Alipay's risk evaluation."""

    id: Text64 | None = None
    first_name: Annotated[str, Field(max_length=32)] | None = None
    last_name: Annotated[str, Field(max_length=32)] | None = None
    email: Annotated[str, Field(max_length=64)] | None = None
    phone: Annotated[str, Field(max_length=24)] | None = None


class DeviceBody(Body):
    """The customer's device, for Alipay's risk evaluation."""

    ip: Text64 | None = None
    device_id: Text64 | None = None
    device_token_id: Text64 | None = None
    language: Annotated[str, Field(max_length=32)] | None = None
    user_agent: Annotated[str, Field(max_length=2048)] | None = None


class PaymentBody(Body):
    """An order to be paid with a wallet.

    Attributes:
        expires_in_minutes: How long the customer has to pay, at most the wallet's
            `longest_expiry_minutes`; null for its `default_expiry_minutes`.
    """

    order_id: OrderId
    amount: AmountBody
    wallet: Annotated[str, Field(min_length=1, max_length=64, examples=["GCASH"])]
    description: Annotated[str, Field(min_length=1, max_length=256)]
    redirect_url: Annotated[
        str, Field(max_length=2048), AfterValidator(_is_redirect_url)
    ]
    terminal: TerminalBody
    expires_in_minutes: Annotated[StrictInt, Field(ge=1)] | None = None
    settlement_currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    goods: Annotated[list[GoodsBody], Field(max_length=100)] | None = None
    customer: CustomerBody | None = None
    client: DeviceBody | None = None

    def to_order(self) -> Order:
        """Return the order of the request."""
        return Order.model_validate(self.model_dump())


class OpenedPayment(BaseModel):
    """A payment with a cashier page to redirect to, or one that has ended."""

    order_id: str
    payment_request_id: str
    payment_id: str | None
    cashier: Cashier | None
    expires_at: datetime | None
    status: PaymentStatus
    outcome: PaymentOutcome | None

    @classmethod
    def of(cls, view: PaymentView) -> Self:
        newest = view.attempts[-1]
        return cls(
            order_id=view.order_id,
            payment_request_id=newest.payment_request_id,
            payment_id=newest.payment_id,
            # No customer must be redirected to the page of an ended payment.
            cashier=newest.cashier if view.outcome is None else None,
            expires_at=newest.expires_at,
            status=view.status,
            outcome=view.outcome,
        )


class AttemptBody(BaseModel):
    """One attempt at Alipay."""

    payment_request_id: str
    payment_id: str | None
    wallet: str
    cashier: Cashier | None
    expires_at: datetime | None
    is_paid: bool


class LateMoney(BaseModel):
    """Money that came after the payment's end, and its outcome."""

    payment_request_id: str
    status: str
    outcome: LateOutcome | None
    paid_at: str | None


class PaymentState(BaseModel):
    """The full state of a payment."""

    model_config = ConfigDict(from_attributes=True)

    order_id: str
    amount: Money
    status: PaymentStatus
    outcome: PaymentOutcome | None
    attempts: list[AttemptBody]
    result_code: str | None
    result_message: str | None
    paid_at: str | None
    settlement: Settlement | None
    started_at: datetime | None
    closed_at: datetime | None
    late_money: list[LateMoney] = []
    refunds: RefundsOfPayment | None = None

    @classmethod
    def of(
        cls,
        view: PaymentView,
        late: Sequence[LatePaymentView] = (),
        refunds: RefundsView | None = None,
    ) -> Self:
        more = {
            "late_money": [money.model_dump() for money in late],
            "refunds": RefundsOfPayment.of(refunds) if refunds else None,
        }
        return cls.model_validate({**view.model_dump(), **more})
