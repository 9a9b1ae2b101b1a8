"""All workflow types, for the worker, replay, the auditor and the contracts."""

from collections.abc import Mapping
from typing import Final

from workflows.callback import Callback
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment
from workflows.notice import AlipayNotice
from workflows.order_refunds import OrderRefunds
from workflows.upgrading import (
    UpgradingCallback,
    UpgradingLatePayment,
    UpgradingOrderRefunds,
)

WORKFLOWS: Final[tuple[type, ...]] = (
    CashierPayment,
    LatePayment,
    Callback,
    AlipayNotice,
    OrderRefunds,
)
# Versioned workers run these in place of workflows that may be open for weeks, so that
# such runs are not pinned.
UPGRADING: Final[Mapping[type, type]] = {
    LatePayment: UpgradingLatePayment,
    Callback: UpgradingCallback,
    OrderRefunds: UpgradingOrderRefunds,
}
VERSIONED_WORKFLOWS: Final = tuple(UPGRADING.get(kind, kind) for kind in WORKFLOWS)
