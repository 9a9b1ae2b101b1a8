"""Checks a shop's request for a refund, and sends it to the owner."""

from dataclasses import dataclass
from uuid import uuid4

from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api.callers.authentication import Caller
from api.merchant_rules import MerchantRules
from api.payments.late_payments import LatePayments
from api.payments.recovery import RecoveryRequest
from api.payments.workflows import PaymentWorkflows
from api.problems import UnavailableProblem
from api.refunds.bodies import RefundBody
from api.refunds.disputes import Disputes
from api.refunds.new_owner import new_owner
from api.refunds.payers import Payer, payer_in, payer_not_kept, payer_of
from api.refunds.wallet_rules import check_wallet
from api.refunds.workflows import RefundWorkflows
from api.temporal_calls import (
    NoAnswerYet,
    StoppedProblem,
    UnknownOrderProblem,
    of_refusal,
)
from contracts import (
    Money,
    PaymentOutcome,
    RefundRecord,
    RefundRequest,
    RefundsInput,
    RefundStatus,
    RefundsView,
    Refusal,
    refunds_id,
)
from visibility.views import MOST_LOOKS
from workflows.refunds.ledger import why_no_repeat, why_not


@dataclass(frozen=True)
class Asked:
    """A requested refund.

    Attributes:
        is_new: Whether this call has created it, and not an equal earlier one.
    """

    record: RefundRecord
    view: RefundsView
    is_new: bool


class Refunding:
    """Requests refunds, once for each refund_id."""

    def __init__(
        self,
        refunds: RefundWorkflows,
        payments: PaymentWorkflows,
        late_payments: LatePayments,
        disputes: Disputes,
        rules: MerchantRules,
    ) -> None:
        self._refunds = refunds
        self._payments = payments
        self._late_payments = late_payments
        self._disputes = disputes
        self._rules = rules

    async def ask(self, order_id: str, body: RefundBody, caller: Caller) -> Asked:
        """Request a refund; return it once Alipay has answered, or it has to wait.

        Raises:
            Problem: 403, 404, 409 or 422, and nothing was sent or reserved; 503 when
                the outcome is unknown. A repeat is safe.
        """
        request = body.to_request(by=caller.name, call_id=uuid4().hex)
        for _ in range(MOST_LOOKS):
            try:
                return await self._ask(order_id, body, request, caller)
            except (RPCError, WorkflowAlreadyStartedError):
                continue  # the owner has just closed
            except StoppedProblem as stopped:
                if stopped.workflow_id != refunds_id(order_id):
                    raise
                recovery = RecoveryRequest("shop", "a refund was requested")
                await self._refunds.recover(stopped, recovery)
        raise UnavailableProblem("the refunds changed during the call; call again")

    async def payer(
        self,
        order_id: str,
        *,
        named: str | None = None,
        refunds: RefundsView | None = None,
    ) -> Payer:
        """Return the payment that pays an order.

        Args:
            order_id: The order.
            named: Its payment_request_id, where the caller gives it.
            refunds: The view of the order's refunds.

        Raises:
            Problem: 404 where no payment is stored and none is named, 409 where nothing
                pays the order, 422 where another payment is named.
        """
        try:
            view = await self._payments.view_of_ended(order_id)
        except UnknownOrderProblem:
            if not (refunds or named):
                raise
            view = None
        if view:
            is_paid = view.outcome is PaymentOutcome.PAID
            unpaid = view.outcome is not None and not is_paid
            late = await self._late_payments.of(view) if unpaid else ()
            found = payer_of(view, late)
        elif refunds:
            found = payer_in(refunds)
        else:
            found = payer_not_kept(order_id, named or "")
        if named and named != found.payment_request_id:
            rule = f"must be {found.payment_request_id}, which pays the order"
            raise of_refusal(Refusal.REFUND_INCOMPLETE, f"payment_request_id: {rule}")
        return found

    async def find_dispute(self, refunds: RefundsView) -> str:
        """Return the id of an open dispute about a payment; empty where none is known.

        Raises:
            Problem: As `payer` does; 503 when Temporal is away.
        """
        payer = await self.payer(refunds.order_id, refunds=refunds)
        return await self._disputes.open_about(payer)

    async def _ask(
        self, order_id: str, body: RefundBody, request: RefundRequest, caller: Caller
    ) -> Asked:
        owner = await self._refunds.find(refunds_id(order_id))
        view = await self._refunds.view_of(owner) if owner else None
        if view and (known := record_in(view, request.refund_id)):
            _raise(why_no_repeat(known.amount, request))
            if known.status is not RefundStatus.REQUESTED:
                return Asked(known, view, is_new=False)
        payer = await self.payer(order_id, named=body.payment_request_id, refunds=view)
        if not (view and record_in(view, request.refund_id)):
            request = await self._checked(request, payer, view, caller)
        ended = view if owner and not owner.is_open else None
        given = new_owner(payer, ended, self._rules, request.amount)
        return await self._send(given, request, view)

    async def _checked(
        self,
        request: RefundRequest,
        payer: Payer,
        view: RefundsView | None,
        caller: Caller,
    ) -> RefundRequest:
        """Check a new request, and return it for the owner, with its warnings.

        Raises:
            Problem: 403, 409 or 422.
        """
        paid = (view and view.paid) or payer.paid
        left = view.left if view else payer.paid
        amount = request.amount or left
        if amount is None:
            rule = "is needed, because the payment is past its retention here"
            raise of_refusal(Refusal.REFUND_INCOMPLETE, f"amount: {rule}")
        at_most = with_all_under_way(view) if view else left
        _raise(why_not(request, left=left, at_most=at_most, paid=paid))
        check_wallet(payer, amount, left)
        if caller.check_refund(amount) and request.amount is None:
            # All that is left may be more when it is reserved.
            request = request.model_copy(update={"remaining": left})
        dispute_id = await self._disputes.open_about(payer)
        return request.model_copy(update={"dispute_id": dispute_id})

    async def _send(
        self, given: RefundsInput, request: RefundRequest, seen: RefundsView | None
    ) -> Asked:
        order_id, refund_id = given.order_id, request.refund_id
        try:
            view: RefundsView | None = await self._refunds.ask(given, request, seen)
        except NoAnswerYet:
            view = await self._refunds.view(order_id)
            if view is None or record_in(view, refund_id) is None:
                raise
        record = record_in(view, refund_id) if view else None
        if view is None or record is None:
            raise NoAnswerYet
        is_new = record.call_id == request.call_id
        if not is_new:
            # The stored answer to an equal call; the refund may have changed since.
            view = await self._refunds.view(order_id) or view
            record = record_in(view, refund_id) or record
        return Asked(record, view, is_new=is_new)


def record_in(view: RefundsView, refund_id: str) -> RefundRecord | None:
    """Return a refund by its id; None if there is none."""
    return next((one for one in view.refunds if one.refund_id == refund_id), None)


def with_all_under_way(view: RefundsView) -> Money | None:
    """Return the view, as if all returns under way elsewhere had failed.

    Only Alipay knows the rest: it is asked before anything is sent.
    """
    if view.left is None or view.paid is None:
        return view.left
    under_way = sum(
        (one.amount or view.paid).value
        for one in view.elsewhere
        if one.status != "SUCCESS"
    )
    most = min(view.paid.value, view.left.value + under_way)
    return view.left.model_copy(update={"value": most})


def _raise(refused: tuple[Refusal, str] | None) -> None:
    if refused:
        raise of_refusal(*refused)
