"""The storefronts' calls: refund a payment, and read refunds."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from temporalio.service import RPCError

from api.bodies import OrderIdInPath
from api.callers.authentication import Caller
from api.callers.scopes import MAY_READ, MAY_REFUND
from api.problems import Problem
from api.refunds.bodies import (
    ConfirmationBody,
    RefundBody,
    RefundIdInPath,
    RefundsState,
    RefundState,
)
from api.refunds.refunding import Refunding, record_in
from api.refunds.workflows import RefundWorkflows
from api.streams.watching import PaymentWatch
from api.temporal_calls import UnknownOrderProblem
from contracts import (
    ENDED,
    RefundConfirmation,
    RefundRecord,
    RefundStatus,
    RefundsView,
)

router = APIRouter(prefix="/payments/{order_id}/refunds", tags=["refunds"])
# Refunds with these statuses wait for a person, or for Alipay.
RETRY_AFTER_SECONDS = 5


def _refunding(request: Request) -> Refunding:
    refunding: Refunding = request.app.state.refunding
    return refunding


def _workflows(request: Request) -> RefundWorkflows:
    workflows: RefundWorkflows = request.app.state.refund_workflows
    return workflows


def _watch(request: Request) -> PaymentWatch:
    watch: PaymentWatch = request.app.state.watch
    return watch


RefundingOfThisApp = Annotated[Refunding, Depends(_refunding)]
Workflows = Annotated[RefundWorkflows, Depends(_workflows)]
Watch = Annotated[PaymentWatch, Depends(_watch)]
MayRefund = Annotated[Caller, MAY_REFUND]


@router.post(
    "",
    status_code=201,
    responses={
        200: {"model": RefundState, "description": "The same call again"},
        202: {
            "model": RefundState,
            "description": "Under way, or waiting for a person",
        },
        402: {"description": "Refused: `result_code`, and advice"},
        409: {"description": "Not paid, more than is left, or another amount"},
    },
)
async def give_money_back(
    order_id: OrderIdInPath,
    body: RefundBody,
    response: Response,
    caller: MayRefund,
    refunding: RefundingOfThisApp,
    watch: Watch,
) -> RefundState:
    """Refund a paid order: the given `amount`, or without it all that is left.

    Repeating the call is safe: one `refund_id` is one refund.
    """
    asked = await refunding.ask(order_id, body, caller)
    watch.hint(order_id)
    return _answer(asked.record, asked.view, response, is_new=asked.is_new)


@router.get("", dependencies=[MAY_READ])
async def look_at_refunds(
    order_id: OrderIdInPath, workflows: Workflows, refunding: RefundingOfThisApp
) -> RefundsState:
    """Return all refunds of an order, and the amount left to refund."""
    view = await workflows.view(order_id)
    if view:
        return RefundsState.of(view)
    return await _without_refunds(order_id, refunding)


@router.get("/{refund_id}", dependencies=[MAY_READ])
async def look_at_refund(
    order_id: OrderIdInPath, refund_id: RefundIdInPath, workflows: Workflows
) -> RefundState:
    """Return the state of a refund."""
    view = await workflows.view(order_id)
    record = record_in(view, refund_id) if view else None
    if view is None or record is None:
        raise _unknown(order_id, refund_id)
    return RefundState.of(record, view)


@router.post(
    "/{refund_id}/confirm",
    responses={
        202: {"model": RefundState, "description": "Under way"},
        409: {
            "description": "It does not wait for a confirmation, or the same key "
            "requested it"
        },
    },
)
async def confirm_refund(
    order_id: OrderIdInPath,
    refund_id: RefundIdInPath,
    body: ConfirmationBody,
    response: Response,
    caller: MayRefund,
    workflows: Workflows,
    refunding: RefundingOfThisApp,
    watch: Watch,
) -> RefundState:
    """Confirm a refund that needs a second person, with another API key."""
    view = await workflows.view(order_id)
    record = record_in(view, refund_id) if view else None
    if view is None or record is None:
        raise _unknown(order_id, refund_id)
    caller.check_refund(record.amount)
    said = RefundConfirmation(
        refund_id=refund_id,
        by=caller.name,
        reason=body.reason,
        dispute_id=await refunding.find_dispute(view),
    )
    try:
        view = await workflows.confirm(order_id, said)
    except (RPCError, UnknownOrderProblem):
        raise Problem(
            409,
            "NOT_OPEN",
            f"refund {refund_id} does not wait for a confirmation; it is "
            f"{record.status}",
        ) from None
    watch.hint(order_id)
    return _answer(record_in(view, refund_id) or record, view, response, is_new=False)


async def _without_refunds(order_id: str, refunding: Refunding) -> RefundsState:
    """Return the state of an order without refunds.

    Raises:
        Problem: 404 for an unknown order, 503 when Temporal does not answer.
    """
    try:
        payer = await refunding.payer(order_id)
    except Problem as problem:
        if problem.status != 409:
            raise
        return RefundsState(
            order_id=order_id,
            payment_request_id=None,
            paid=None,
            left=None,
            given_back=None,
        )
    return RefundsState.of(
        RefundsView(
            order_id=order_id,
            payment_request_id=payer.payment_request_id,
            paid=payer.paid,
            left=payer.paid,
        )
    )


def _answer(
    record: RefundRecord, view: RefundsView, response: Response, *, is_new: bool
) -> RefundState:
    """Return a refund's state, and set the HTTP status accordingly.

    Raises:
        Problem: 402 where it was refused, also for a repeat: nothing was refunded.
    """
    state = RefundState.of(record, view)
    if record.status is RefundStatus.REFUSED:
        why = f"{state.result_code} {state.result_message or ''}".strip()
        raise Problem(
            402,
            "REFUSED",
            f"the refund was refused: {why}",
            result_code=state.result_code,
            result_message=state.result_message,
            advice=state.advice,
            refund=state.model_dump(mode="json"),
        )
    response.status_code = 201 if is_new else 200
    if record.status not in ENDED:
        response.status_code = 202
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        response.headers["Location"] = (
            f"/payments/{view.order_id}/refunds/{record.refund_id}"
        )
    return state


def _unknown(order_id: str, refund_id: str) -> Problem:
    return Problem(404, "UNKNOWN_REFUND", f"order {order_id} has no refund {refund_id}")
