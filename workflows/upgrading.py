"""The workflows that may be open for weeks, which versioned workers move forward.

Temporal rejects a versioning behavior from a worker without a version, so the types
that such workers run declare none. All other types are pinned to the version they
started on (`worker.py`).
"""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from contracts import (
        CallbackInput,
        CallbackView,
        LatePaymentInput,
        LatePaymentView,
        RefundsInput,
        RefundsView,
    )
    from workflows.callback import Callback
    from workflows.late_payment import LatePayment
    from workflows.order_refunds import OrderRefunds


@workflow.defn(name="LatePayment", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class UpgradingLatePayment(LatePayment):
    """Late money, which moves to the current version with its next task."""

    @workflow.run
    async def run(self, late: LatePaymentInput) -> LatePaymentView:
        return await super().run(late)


@workflow.defn(name="Callback", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class UpgradingCallback(Callback):
    """An order's callbacks, which move to the current version likewise."""

    @workflow.run
    async def run(self, callback: CallbackInput) -> CallbackView:
        return await super().run(callback)


@workflow.defn(name="OrderRefunds", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class UpgradingOrderRefunds(OrderRefunds):
    """An order's refunds, which move to the current version likewise."""

    @workflow.run
    async def run(self, given: RefundsInput) -> RefundsView:
        return await super().run(given)
