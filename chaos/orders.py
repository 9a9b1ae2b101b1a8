"""What shop and customer will do about each order, all of it drawn from the seed."""

import random
from dataclasses import dataclass
from enum import StrEnum

from chaos.refunds.plans import Refunds, plan_refunds


class Deed(StrEnum):
    """What the customer does on the cashier page; the values are the page's paths."""

    PAY = "/pay"
    PAY_AFTER_EXPIRY = "/pay?fault=pay_after_expiry"
    PAY_AFTER_CANCEL = "/pay?fault=pay_after_cancel"
    DECLINE = "/decline"
    WALK_AWAY = "/leave"


DEEDS = {
    Deed.PAY: 60,
    Deed.PAY_AFTER_EXPIRY: 8,
    Deed.PAY_AFTER_CANCEL: 7,
    Deed.DECLINE: 10,
    Deed.WALK_AWAY: 15,
}


@dataclass(frozen=True)
class Market:
    """Wallets between which a customer may change his mind: they take one currency."""

    wallets: tuple[str, ...]
    currency: str
    # A step that keeps every amount valid for all of them: rupiah end in 00.
    step: int
    smallest: int


MARKETS = (
    Market(("GCASH", "MAYA"), "PHP", 1, 100),
    Market(("TNG", "BOOST"), "MYR", 1, 100),
    # These may not be cancelled: only time, or the customer, ends their payments.
    Market(("DANA", "SHOPEEPAY_ID"), "IDR", 100, 30_000),
    Market(("KAKAOPAY", "NAVERPAY"), "KRW", 1, 100),
    Market(("ALIPAY_HK",), "HKD", 1, 100),
    Market(("TRUEMONEY",), "THB", 1, 100),
)
# None is the wallet's own default; the simulator's clock makes all of them seconds.
EXPIRIES = (None, None, 13, 8, 2, 1)

# So many "unknown" in a row outlast the five quick tries of an activity: the workflow
# itself has to go on without a verdict. The mix alone hardly ever brings it there.
STUBBORN_TIMES = 7
STUBBORN_APIS = ("pay", "inquiryPayment", "cancel")
STUBBORN_FAULTS = ("u_before", "u_after")


@dataclass(frozen=True)
class Stubborn:
    """A fault planned for one order, on top of the simulator's mix."""

    api: str
    fault: str
    times: int = STUBBORN_TIMES


@dataclass(frozen=True)
class Plan:
    """One order and all that will be done about it.

    Attributes:
        expires_in_minutes: As the shop asks for it; None for the wallet's default.
        deed: What the customer does on the page that he is sent to.
        thinks: Seconds before he does it.
        calls_at_once: How many equal calls open the payment, as by a double click.
        cancels_after: Seconds after which the shop cancels; None: it does not.
        other_wallet: What the customer changes to before he pays; None: he does not.
        keeps_old_page: Then he pays on the first wallet's page, too, in another tab.
        tries_again: After an unpaid end he orders, and pays, once more.
        refreshes: The shop asks Alipay when it looks, as its result page would.
        stubborn: A call of Alipay's that has no verdict for long; None: none has.
        refunds: What the shop gives back once it is paid; None: nothing.
    """

    order_id: str
    wallet: str
    currency: str
    value: int
    expires_in_minutes: int | None
    deed: Deed
    thinks: float
    calls_at_once: int
    cancels_after: float | None
    other_wallet: str | None
    keeps_old_page: bool
    tries_again: bool
    refreshes: bool
    stubborn: Stubborn | None
    refunds: Refunds | None = None


def plan_order(seed: int, number: int) -> Plan:
    """Draw the plan of the n-th order; it does not depend on the other orders."""
    dice = random.Random(f"{seed}/{number}")  # noqa: S311 - no secret, but repeatable
    market = dice.choice(MARKETS)
    wallet = dice.choice(market.wallets)
    others = [other for other in market.wallets if other != wallet]
    value = market.smallest + market.step * dice.randrange(1_000)
    return Plan(
        order_id=f"chaos-{seed}-{number}",
        wallet=wallet,
        currency=market.currency,
        value=value,
        expires_in_minutes=dice.choice(EXPIRIES),
        deed=dice.choices(list(DEEDS), weights=list(DEEDS.values()))[0],
        thinks=dice.uniform(0.1, 5),
        calls_at_once=dice.choice((1, 1, 1, 2, 3)),
        cancels_after=dice.uniform(0, 8) if dice.random() < 0.2 else None,
        other_wallet=dice.choice(others) if others and dice.random() < 0.3 else None,
        keeps_old_page=dice.random() < 0.5,
        tries_again=dice.random() < 0.5,
        refreshes=dice.random() < 0.5,
        stubborn=(
            Stubborn(dice.choice(STUBBORN_APIS), dice.choice(STUBBORN_FAULTS))
            if dice.random() < 0.15
            else None
        ),
        refunds=plan_refunds(seed, number, value, market.step),
    )
