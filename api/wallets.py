"""`GET /wallets`: the wallets that customers can pay with, and their rules."""

import math
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel

from alipay.wallets import CURRENCIES, RULES, WALLETS, Wallet
from api.callers.scopes import MAY_READ
from api.problems import DOCUMENTED, Problem

router = APIRouter(tags=["wallets"], dependencies=[MAY_READ])

Terminal = Literal["WEB", "WAP", "APP"]


class WalletBody(BaseModel):
    """A wallet; amounts in minor units of its only currency, null where none is stated.

    Attributes:
        code: What `POST /payments` takes as `wallet`.
        market: The customer's country, ISO 3166; null for a page with several wallets.
        value_multiple: The step of amounts: each must be a multiple of it.
        longest_expiry_minutes: The maximum of `expires_in_minutes`.
        may_cancel: Whether a payment can be cancelled before it is paid.
        refund: `none`, `full` (only the whole amount) or `partial` (any part, too).
        refund_days: How many days after the payment it may be refunded.
        minimum_refund: The minimum of a refund, and of the rest that it leaves.
    """

    code: str
    name: str
    market: str | None
    currencies: list[str]
    terminals: list[Terminal]
    minimum: int | None
    maximum: int | None
    value_multiple: int
    default_expiry_minutes: int
    longest_expiry_minutes: int
    may_cancel: bool
    refund: Literal["none", "full", "partial"]
    refund_days: int | None
    minimum_refund: int | None

    @classmethod
    def of(cls, wallet: Wallet) -> Self:
        currencies = list(wallet.currencies or sorted(CURRENCIES))
        steps = [wallet.value_multiple]
        if len(currencies) == 1:
            steps.append(CURRENCIES[currencies[0]].value_multiple)
        return cls(
            code=wallet.code,
            name=wallet.name,
            market=wallet.market,
            currencies=currencies,
            terminals=list(wallet.terminals),
            minimum=wallet.minimum,
            maximum=wallet.maximum,
            value_multiple=math.lcm(*steps),
            default_expiry_minutes=wallet.default_expiry_minutes,
            longest_expiry_minutes=wallet.longest_expiry_minutes,
            may_cancel=wallet.cancel_before_payment,
            refund=wallet.refund,
            refund_days=wallet.refund_days,
            minimum_refund=None if wallet.refund == "none" else wallet.least_refund,
        )


class WalletsBody(BaseModel):
    """The matching wallets, in the order of `alipay/wallets.toml`."""

    wallets: list[WalletBody]


_ALL = tuple(WalletBody.of(wallet) for wallet in WALLETS.values())


@router.get(
    "/wallets",
    responses={status: DOCUMENTED[status] for status in (401, 403, 422, 429)},
)
async def list_wallets(
    currency: Annotated[str | None, Query(pattern=r"^[A-Z]{3}$")] = None,
    terminal: Terminal | None = None,
) -> WalletsBody:
    """Return the wallets for a currency and a terminal."""
    if currency is not None and currency not in CURRENCIES:
        rule = f"{currency} is not a currency that Alipay accepts"
        found = {"field": "currency", "rule": rule, "source": RULES.amounts.cited}
        raise Problem(422, "INVALID", f"currency: {rule}", errors=[found])
    return WalletsBody(
        wallets=[
            wallet
            for wallet in _ALL
            if (currency is None or currency in wallet.currencies)
            and (terminal is None or terminal in wallet.terminals)
        ]
    )
