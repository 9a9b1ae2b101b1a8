"""The storefronts' calls: take a payment, read it, cancel it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from alipay.errors import WalletRuleError
from alipay.wallets import check_payment, find_wallet
from api.bodies import OpenedPayment, OrderIdInPath, PaymentBody, PaymentState
from api.callers.scopes import MAY_CANCEL, MAY_READ, MAY_START
from api.payments.states import PaymentStates
from api.payments.workflows import PaymentWorkflows
from api.problems import Problem
from api.streams.watching import PaymentWatch
from contracts import (
    AttemptView,
    CancelWish,
    PaymentOutcome,
    PaymentStatus,
    expiry_margin,
)

router = APIRouter(prefix="/payments", tags=["payments"])


def _workflows(request: Request) -> PaymentWorkflows:
    workflows: PaymentWorkflows = request.app.state.payment_workflows
    return workflows


def _watch(request: Request) -> PaymentWatch:
    watch: PaymentWatch = request.app.state.watch
    return watch


Workflows = Annotated[PaymentWorkflows, Depends(_workflows)]
Watch = Annotated[PaymentWatch, Depends(_watch)]


@router.post(
    "",
    status_code=201,
    dependencies=[MAY_START],
    responses={
        200: {"model": OpenedPayment, "description": "The same call again"},
        202: {"model": OpenedPayment, "description": "Being opened; read it by GET"},
        402: {"description": "Alipay refused the payment"},
        409: {
            "description": "Another amount, or the other wallet's payment cannot be "
            "cancelled yet"
        },
        503: {"description": "Temporal or the worker does not answer; call again"},
    },
)
async def take_payment(
    body: PaymentBody, response: Response, workflows: Workflows, watch: Watch
) -> OpenedPayment:
    """Start the payment of an order; returns the cashier page for the customer.

    Repeating the call is safe: an order has one payment and one cashier page. A call
    with another wallet closes the page of the previous wallet, if that wallet allows
    it.
    """
    _check_wallet_rules(body)
    order = body.to_order()
    view, is_new = await workflows.open(order)
    watch.hint(order.order_id)
    newest = view.attempts[-1]
    if view.outcome is PaymentOutcome.DECLINED and not newest.cashier:
        raise Problem(
            402,
            "REFUSED",
            f"Alipay refused the payment: {view.result_code} {view.result_message}",
            result_code=view.result_code,
            result_message=view.result_message,
        )
    if view.status is PaymentStatus.REVIEW:
        raise Problem(
            409, "UNDER_REVIEW", f"order {order.order_id} waits for a person's decision"
        )
    response.status_code = 201 if is_new else 200
    if view.outcome is None and newest.cashier is None:
        response.status_code = 202
        response.headers["Retry-After"] = "2"
        response.headers["Location"] = f"/payments/{order.order_id}"
    elif view.outcome is None and newest.wallet != order.wallet:
        raise _no_other_wallet_yet(newest)
    return OpenedPayment.of(view)


@router.get("/{order_id}", dependencies=[MAY_READ])
async def look_at_payment(
    order_id: OrderIdInPath, request: Request, watch: Watch, refresh: bool = False
) -> PaymentState:
    """Return the state of a payment; `refresh=1` asks Alipay first."""
    states: PaymentStates = request.app.state.payment_states
    state = await states.of(order_id, refresh=refresh)
    if refresh:
        watch.hint(order_id)
    return state


@router.post(
    "/{order_id}/cancel",
    dependencies=[MAY_CANCEL],
    responses={
        202: {"model": PaymentState, "description": "Being cancelled; read it by GET"},
        409: {"description": "Payments with this wallet cannot be cancelled"},
    },
)
async def cancel_payment(
    order_id: OrderIdInPath, response: Response, workflows: Workflows, watch: Watch
) -> PaymentState:
    """Cancel a payment; returns CANCELLED, or PAID if the customer had paid before."""
    view = await workflows.cancel(order_id, CancelWish(by="shop"))
    watch.hint(order_id)
    newest = view.attempts[-1]
    if view.status is PaymentStatus.AWAITING_CUSTOMER:
        raise Problem(
            409,
            "CANNOT_CANCEL",
            f"{newest.wallet} does not allow a cancel; the payment ends, paid or "
            f"unpaid, by {_time(newest)}",
            available_at=_time(newest),
        )
    response.status_code = 200 if view.outcome else 202
    return PaymentState.of(view)


def _no_other_wallet_yet(paying: AttemptView) -> Problem:
    return Problem(
        409,
        "WALLET_IS_PAYING",
        f"the order can still be paid with {paying.wallet}, whose payment cannot be "
        f"cancelled before {_time(paying)}; redirect the customer to its page, or wait",
        available_at=_time(paying),
        wallet=paying.wallet,
        cashier=paying.cashier.model_dump() if paying.cashier else None,
    )


def _time(attempt: AttemptView) -> str:
    """When the attempt has certainly ended, and another one can start."""
    expires_at = attempt.expires_at or datetime.now(UTC)
    ends = expires_at + expiry_margin(attempt.payment_request_id)
    return ends.astimezone(UTC).isoformat(timespec="seconds")


def _check_wallet_rules(body: PaymentBody) -> None:
    try:
        check_payment(
            find_wallet(body.wallet),
            currency=body.amount.currency,
            value=body.amount.value,
            terminal=body.terminal.type,
            expires_in_minutes=body.expires_in_minutes,
        )
    except WalletRuleError as error:
        found = {"field": error.field, "rule": error.rule, "source": error.source}
        raise Problem(422, "INVALID", str(error), errors=[found]) from error
