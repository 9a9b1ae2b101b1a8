"""The plans of shop and customer for each order, drawn from the seed."""

import random
from dataclasses import dataclass
from enum import StrEnum

from chaos.refunds.plans import Refunds, plan_refunds


class Action(StrEnum):
    """The customer's action on the cashier page; the values are the page's paths."""

    PAY = "/pay"
    PAY_AFTER_EXPIRY = "/pay?fault=pay_after_expiry"
    PAY_AFTER_CANCEL = "/pay?fault=pay_after_cancel"
    DECLINE = "/decline"
    WALK_AWAY = "/leave"


ACTIONS = {
    Action.PAY: 60,
    Action.PAY_AFTER_EXPIRY: 8,
    Action.PAY_AFTER_CANCEL: 7,
    Action.DECLINE: 10,
    Action.WALK_AWAY: 15,
}


@dataclass(frozen=True)
class Market:
    """Wallets of one currency, between which a customer may change."""

    wallets: tuple[str, ...]
    currency: str
    # A step that keeps every amount valid for all of them: rupiah end in 00.
    step: int
    smallest: int


MARKETS = (
    Market(("GCASH", "MAYA"), "PHP", 1, 100),
    Market(("TNG", "BOOST"), "MYR", 1, 100),
    # These cannot be cancelled: only the expiry or the customer ends their payments.
    Market(("DANA", "SHOPEEPAY_ID"), "IDR", 100, 30_000),
    Market(("KAKAOPAY", "NAVERPAY"), "KRW", 1, 100),
    Market(("ALIPAY_HK",), "HKD", 1, 100),
    Market(("TRUEMONEY",), "THB", 1, 100),
)
# None is the wallet's own default; the simulator's clock makes all of them seconds.
EXPIRIES = (None, None, 13, 8, 2, 1)

# So many "unknown" answers in a row outlast the five quick tries of an activity, so
# that the workflow itself has to continue without a result. The random mix rarely does
# that.
STUBBORN_TIMES = 7
STUBBORN_APIS = ("pay", "inquiryPayment", "cancel")
STUBBORN_FAULTS = ("u_before", "u_after")


@dataclass(frozen=True)
class PersistentFault:
    """A fault planned for one order, on top of the simulator's mix."""

    api: str
    fault: str
    times: int = STUBBORN_TIMES


@dataclass(frozen=True)
class Plan:
    """One order, and the planned actions.

    Attributes:
        expires_in_minutes: The shop's expiry; None for the wallet's default.
        action: The customer's action on the wallet's page.
        thinks: The pause before that action, in seconds.
        calls_at_once: The number of equal calls that open the payment, as by a double
            click.
        cancels_after: Seconds after which the shop cancels; None: it does not.
        other_wallet: The wallet that the customer changes to first; None: no change.
        keeps_old_page: Whether he also pays on the first wallet's page, in another tab.
        tries_again: Whether he orders and pays again after an unpaid end.
        refreshes: Whether the shop polls with `refresh`, as its result page does.
        persistent_fault: A call of Alipay's without a result for long; None: no call.
        refunds: The refunds of the shop once it is paid; None: no refunds.
    """

    order_id: str
    wallet: str
    currency: str
    value: int
    expires_in_minutes: int | None
    action: Action
    thinks: float
    calls_at_once: int
    cancels_after: float | None
    other_wallet: str | None
    keeps_old_page: bool
    tries_again: bool
    refreshes: bool
    persistent_fault: PersistentFault | None
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
        action=dice.choices(list(ACTIONS), weights=list(ACTIONS.values()))[0],
        thinks=dice.uniform(0.1, 5),
        calls_at_once=dice.choice((1, 1, 1, 2, 3)),
        cancels_after=dice.uniform(0, 8) if dice.random() < 0.2 else None,
        other_wallet=dice.choice(others) if others and dice.random() < 0.3 else None,
        keeps_old_page=dice.random() < 0.5,
        tries_again=dice.random() < 0.5,
        refreshes=dice.random() < 0.5,
        persistent_fault=(
            PersistentFault(dice.choice(STUBBORN_APIS), dice.choice(STUBBORN_FAULTS))
            if dice.random() < 0.15
            else None
        ),
        refunds=plan_refunds(seed, number, value, market.step),
    )
