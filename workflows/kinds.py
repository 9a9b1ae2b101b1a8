"""All kinds of workflows, for whoever serves, replays, reads or describes them."""

from typing import Final

from workflows.callback import Callback
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment
from workflows.notice import AlipayNotice
from workflows.order_refunds import OrderRefunds
from workflows.upgrading import UpgradingCallback, UpgradingLatePayment

WORKFLOWS: Final[tuple[type, ...]] = (
    CashierPayment,
    LatePayment,
    Callback,
    AlipayNotice,
    OrderRefunds,
)
# The same kinds, as versioned workers run them: those that are not pinned declare it.
VERSIONED_WORKFLOWS: Final[tuple[type, ...]] = (
    CashierPayment,
    UpgradingLatePayment,
    UpgradingCallback,
    AlipayNotice,
)
