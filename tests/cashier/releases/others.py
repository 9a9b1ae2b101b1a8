"""Workers of other releases: one that cannot go on with what today's code began."""

from temporalio import workflow
from temporalio.common import VersioningBehavior

with workflow.unsafe.imports_passed_through():
    from contracts import CallbackInput, CallbackView, Order, PaymentView
    from workflows.callback import Callback
    from workflows.cashier_payment import CashierPayment
    from workflows.kinds import VERSIONED_WORKFLOWS
    from workflows.releases import NewerReleaseError
    from workflows.upgrading import UpgradingCallback


@workflow.defn(name="CashierPayment")
class HastyPayment(CashierPayment):
    """A payment that waits first: the histories of today do not replay on it."""

    @workflow.run
    async def run(self, order: Order) -> PaymentView:
        await workflow.sleep(60)
        return await super().run(order)


@workflow.defn(name="Callback", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class OlderCallback(Callback):
    """The callbacks of a release that does not know those of today."""

    @workflow.run
    async def run(self, callback: CallbackInput) -> CallbackView:
        raise NewerReleaseError("begun by a newer release")


CARELESS_RELEASE = (HastyPayment, *VERSIONED_WORKFLOWS[1:])
OLDER_RELEASE = tuple(
    OlderCallback if kind is UpgradingCallback else kind for kind in VERSIONED_WORKFLOWS
)
