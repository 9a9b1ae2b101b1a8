"""What storefronts call: take a payment, look at it, cancel it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from alipay.errors import WalletRuleError
from alipay.wallets import check_payment, find_wallet
from api.bodies import OpenedPayment, PaymentBody, PaymentState
from api.payment_workflows import PaymentWorkflows
from api.problems import Problem
from api.security import require_api_key
from contracts import CancelWish, PaymentOutcome

router = APIRouter(
    prefix="/payments", tags=["payments"], dependencies=[Depends(require_api_key)]
)

OrderIdInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,60}$")]


def _workflows(request: Request) -> PaymentWorkflows:
    workflows: PaymentWorkflows = request.app.state.payment_workflows
    return workflows


Workflows = Annotated[PaymentWorkflows, Depends(_workflows)]


@router.post(
    "",
    status_code=201,
    responses={
        200: {"model": OpenedPayment, "description": "The same call again"},
        402: {"description": "Alipay refused the payment"},
        409: {"description": "The order is being paid with other money or wallet"},
        503: {"description": "Temporal or the worker is away; call again"},
    },
)
async def take_payment(
    body: PaymentBody, request: Request, response: Response, workflows: Workflows
) -> OpenedPayment:
    """Take a payment of one order; answers the page to which to send the customer.

    Calling twice is safe: one order has one payment and one cashier page.
    """
    _check_wallet_rules(body)
    order = body.to_order(settlement_currency=request.app.state.settlement_currency)
    view, is_new = await workflows.open(order)
    if view.outcome is PaymentOutcome.DECLINED and not view.attempts[-1].cashier:
        raise Problem(
            402,
            "REFUSED",
            f"Alipay refused the payment: {view.result_code} {view.result_message}",
            result_code=view.result_code,
            result_message=view.result_message,
        )
    response.status_code = 201 if is_new else 200
    return OpenedPayment.of(view)


@router.get("/{order_id}")
async def look_at_payment(
    order_id: OrderIdInPath, workflows: Workflows, refresh: bool = False
) -> PaymentState:
    """Return what is known of a payment; `refresh=1` asks Alipay first."""
    view = await (workflows.check(order_id) if refresh else workflows.view(order_id))
    return PaymentState.of(view)


@router.post(
    "/{order_id}/cancel",
    responses={409: {"description": "Its wallet cannot be cancelled before its time"}},
)
async def cancel_payment(order_id: OrderIdInPath, workflows: Workflows) -> PaymentState:
    """Close a payment: CANCELLED for certain, or PAID if the customer was faster."""
    view = await workflows.cancel(order_id, CancelWish(by="shop"))
    if view.outcome is None:
        expires_at = view.attempts[-1].expires_at
        raise Problem(
            409,
            "CANNOT_CANCEL",
            f"{view.attempts[-1].wallet} does not let a payment be cancelled; it ends "
            f"by itself, or is paid, by {expires_at:%Y-%m-%dT%H:%M:%SZ}",
            available_at=expires_at.isoformat() if expires_at else None,
        )
    return PaymentState.of(view)


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
