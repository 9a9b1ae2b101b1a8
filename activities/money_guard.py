"""Keeps money from being moved for anybody but the workflow that it concerns.

Whoever has rights in Temporal can start an activity by itself, start a workflow of any
input, or complete the activity in which a workflow looks at its order. The activity
that moves money looks for itself, in the worker, where nobody else answers.
"""

from typing import Any, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from contracts import (
    CancelCall,
    PaymentFound,
    PaymentLookup,
    PaymentState,
    RefundCall,
    late_payment_id,
    late_refund_id,
    order_of,
    request_id_of,
    workflow_id,
)


class Orders(Protocol):
    """Knows how the payment of an order stands."""

    async def find_payment(self, lookup: PaymentLookup) -> PaymentFound:
        """Return it.

        Raises:
            ApplicationError: Nobody knows right now.
        """
        ...


class MoneyGuard(Interceptor):
    """Looks at each activity before it runs."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        return _Inbound(next, self._orders)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, orders: Orders) -> None:
        super().__init__(following)
        self._orders = orders

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - the SDK's
        await check_caller(activity.info(), [*input.args], self._orders)
        return await super().execute_activity(input)


async def check_caller(
    info: activity.Info, arguments: list[object], orders: Orders
) -> None:
    """Return only if the activity was called by a workflow that may call it so.

    Raises:
        ApplicationError: It was not, or the order's payment cannot be looked at.
    """
    if not info.in_workflow:
        raise _refused("an activity of its own: only workflows may call it")
    call = arguments[0] if arguments else None
    if not isinstance(call, CancelCall | RefundCall):
        return
    caller = info.workflow_id or ""
    if info.workflow_type == "LatePayment":
        await _check_late_money(request_id_of(caller), call, orders)
    elif not _is_own_attempt(caller, call):
        raise _refused(f"{caller}: the payment is another order's")


async def _check_late_money(
    name: str, call: CancelCall | RefundCall, orders: Orders
) -> None:
    is_its_own = (
        call.payment_request_id == name
        if isinstance(call, CancelCall)
        else call.refund_request_id == late_refund_id(name)
    )
    if not is_its_own:
        raise _refused(f"{late_payment_id(name)}: the money is another attempt's")
    lookup = PaymentLookup(order_id=order_of(name), payment_request_id=name)
    found = await orders.find_payment(lookup)
    if found.state not in (PaymentState.OPEN, PaymentState.CLOSED):
        raise _refused(f"{name}: how its order's payment ended is not known")
    # Counted by an open payment that is just handing it over: it will be free soon.
    if name in (*found.counted, *found.paid):
        raise _refused(f"{name} pays its order", is_final=name in found.paid)


def _is_own_attempt(caller: str, call: CancelCall | RefundCall) -> bool:
    if not isinstance(call, CancelCall):
        return False  # only late money is refunded
    try:
        return caller == workflow_id(order_of(call.payment_request_id))
    except ValueError:
        return False


def _refused(why: str, *, is_final: bool = True) -> ApplicationError:
    return ApplicationError(
        f"no money is moved: {why}", type="MONEY_NOT_MOVED", non_retryable=is_final
    )
