"""Signals Alipay's notices about refunds to their owners."""

from contextlib import suppress
from datetime import UTC, datetime

from api.merchant_rules import MerchantRules
from api.payments.recovery import RecoveryRequest
from api.payments.workflows import PaymentWorkflows
from api.refunds.new_owner import new_owner
from api.refunds.payers import payer_in
from api.refunds.workflows import Owner, RefundWorkflows
from api.temporal_calls import NoAnswerYet, StoppedProblem
from contracts import (
    RefundNotified,
    RefundRecord,
    RefundStatus,
    RefundsView,
    refund_named_in,
    refunds_id,
    refunds_id_of,
)
from visibility.views import MOST_LOOKS


class RefundNotices:
    """The notices about refunds of all orders."""

    def __init__(
        self, refunds: RefundWorkflows, payments: PaymentWorkflows, rules: MerchantRules
    ) -> None:
        self._refunds = refunds
        self._payments = payments
        self._rules = rules

    async def take(self, said: RefundNotified, order_id: str | None) -> bool:
        """Signal a verified notice to the owner of the refund that it names.

        Args:
            said: The notice.
            order_id: The order in the signed path; None where it contains none.

        Returns:
            Whether an owner has the refund; refunds of another system, or in Alipay's
            portal, have no owner here.

        Raises:
            Problem: 503 when Temporal has not accepted it.
        """
        owner_id = owner_of(said, order_id)
        if owner_id is None:
            return False
        said = said.model_copy(update={"received_at": datetime.now(UTC)})
        for _ in range(MOST_LOOKS):
            if await self._refunds.notify(owner_id, said):
                return True
            owner = await self._refunds.find(owner_id)
            if owner is None:
                return False
            if owner.is_open:
                continue  # the next run has started meanwhile: signal that one
            try:
                return await self._compare(owner, said)
            except StoppedProblem as stopped:
                recovery = RecoveryRequest("Alipay", "Alipay has notified a refund")
                await self._refunds.recover(stopped, recovery)
        raise NoAnswerYet

    async def _compare(self, owner: Owner, said: RefundNotified) -> bool:
        """Compare a notice with its owner's result; start a new run if it is news."""
        view = await self._refunds.view_of(owner)
        known = find_record(view, said)
        if known is None:
            return False
        if is_news(said, known):
            payer = payer_in(view, wallet=owner.wallet)
            given = new_owner(payer, view, self._rules)
            await self._refunds.begin_with(given, said)
        return True


def owner_of(said: RefundNotified, order_id: str | None) -> str | None:
    """Return the id of the owner of a notified refund; None if it is not one of ours.

    The id follows from the refundRequestId; if the path contains another order, the
    refund belongs to another system.
    """
    with suppress(ValueError):
        found = refunds_id_of(said.refund_request_id)
        if order_id is None or found == refunds_id(order_id):
            return found
    return None


def find_record(view: RefundsView, said: RefundNotified) -> RefundRecord | None:
    """Return the refund that a notice is about, by any of its tries."""
    name = refund_named_in(said.refund_request_id)
    for record in view.refunds:
        if refund_named_in(record.refund_request_id) == name:
            return record
    return None


def is_news(said: RefundNotified, known: RefundRecord) -> bool:
    """Whether a notice reports more of a refund than its owner's result."""
    has_gone_back = known.status in (RefundStatus.SUCCEEDED, RefundStatus.RETURNED)
    match said.status:
        case "SUCCESS" if has_gone_back:
            # A success of another try: the refund was made twice.
            proof = known.proof.body if known.proof else ""
            is_same = said.refund_request_id == known.refund_request_id
            return not is_same and said.refund_request_id not in proof
        case "SUCCESS":
            return True
        case "FAIL":
            return known.status is not RefundStatus.REFUSED and not known.returned
    return False
