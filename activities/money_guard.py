"""Checks before a refund or cancel that the calling workflow owns the money.

Anybody with rights in Temporal can start a standalone activity, start a workflow with
any input, or complete the activity in which a workflow looks at its order. So an
activity that moves money checks once more in the worker, whose result nobody else can
write.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from activities.our_runs import Callers, Origin
from contracts import (
    CancelCall,
    InquiryAnswer,
    InquiryVerdict,
    OrderRefundCall,
    PaymentFound,
    PaymentLookup,
    PaymentState,
    RefundCall,
    late_payment_id,
    late_refund_id,
    order_named_in,
    refunds_id,
    request_id_of,
    workflow_id,
)

# A run opens an attempt before it can be paid; only because the clocks of Alipay and
# Temporal differ it may seem to have begun later.
CLOCKS_DIFFER: Final = timedelta(minutes=1)


class Orders(Protocol):
    """Finds the state of an order's payments."""

    async def find_payment(self, lookup: PaymentLookup) -> PaymentFound:
        """Return the state of the newest one, and the attempts that pay in any of them.

        Raises:
            ApplicationError: This cannot be found out right now.
        """
        ...


class Paid(Protocol):
    """Asks Alipay right before money moves."""

    async def check_unpaid(self, call: CancelCall) -> None:
        """Raise unless the attempt to be closed is unpaid.

        Raises:
            ApplicationError: It is paid, or there is no verdict.
        """
        ...

    async def inquire_before(self, call: CancelCall) -> InquiryAnswer | None:
        """Return Alipay's answer about an attempt; None where no cancel would be sent.

        Raises:
            ApplicationError: There is no verdict.
        """
        ...

    async def check_refund(
        self, call: RefundCall, payment_request_id: str
    ) -> InquiryAnswer:
        """Return Alipay's answer if the call names the paid id and amount.

        Raises:
            ApplicationError: It names another one, or there is no verdict.
        """
        ...


@dataclass(frozen=True)
class Looks:
    """The look-ups that the checks need."""

    orders: Orders
    callers: Callers
    paid: Paid


class MoneyGuard(Interceptor):
    """Checks each activity that moves money before it runs."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        return _Inbound(next, self._looks)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, looks: Looks) -> None:
        super().__init__(following)
        self._looks = looks

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 - the SDK's
        await check_caller(activity.info(), [*input.args], self._looks)
        return await super().execute_activity(input)


async def check_caller(
    info: activity.Info, arguments: list[object], looks: Looks
) -> None:
    """Raise unless the calling workflow may call the activity with this input.

    Raises:
        ApplicationError: It was not, or a workflow it depends on does not answer.
    """
    if not info.in_workflow:
        raise _refused("an activity of its own: only workflows may call it")
    call = arguments[0] if arguments else None
    if isinstance(call, OrderRefundCall):
        await _check_order_refund(info, call, looks)
        return
    if not isinstance(call, CancelCall | RefundCall):
        return
    caller = info.workflow_id or ""
    is_late = info.workflow_type == "LatePayment"
    if not (_is_its_late_money if is_late else _is_its_attempt)(info, call):
        raise _refused(f"{caller}: the money is another attempt's, or order's")
    origin = await looks.callers.origin_of(info)
    if not origin.is_ours:
        raise _refused(f"{caller} is not a workflow that this worker serves")
    if is_late:
        await _check_late_money(call, request_id_of(caller), origin, looks)
    elif isinstance(call, CancelCall):
        # A payment closes only unpaid attempts: an attempt that any of its runs counted
        # as paid is paid at Alipay, too.
        await looks.paid.check_unpaid(call)


async def _check_order_refund(
    info: activity.Info, call: OrderRefundCall, looks: Looks
) -> None:
    """Raise unless a refund gives back the payment that pays its order.

    Money that pays no order belongs to its `LatePayment`, which gives it back: no
    payment has two owners (decision 42). The activity itself checks how much is left.

    Raises:
        ApplicationError: It does not, or this cannot be found out.
    """
    caller, name = info.workflow_id or "", call.payment_request_id
    is_its_own = (info.workflow_type, caller) == (
        "OrderRefunds",
        refunds_id(call.order_id),
    )
    if not is_its_own or order_named_in(name) != call.order_id:
        raise _refused(f"{caller}: the money is another order's")
    origin = await looks.callers.origin_of(info)
    if not origin.is_ours:
        raise _refused(f"{caller} is not a workflow that this worker serves")
    found = await looks.orders.find_payment(
        PaymentLookup(order_id=call.order_id, payment_request_id=name)
    )
    if name in found.paid:
        return
    if found.state is PaymentState.UNKNOWN and not found.is_own_undecided:
        return  # deleted in Temporal: Alipay says whether, and how much, was paid
    raise _not_yet(f"{name} does not pay its order, as far as is known")


def _is_its_attempt(info: activity.Info, call: CancelCall | RefundCall) -> bool:
    if info.workflow_type != "CashierPayment" or not isinstance(call, CancelCall):
        return False  # only late money is refunded
    return info.workflow_id == workflow_id(order_named_in(call.payment_request_id))


def _is_its_late_money(info: activity.Info, call: CancelCall | RefundCall) -> bool:
    name = request_id_of(info.workflow_id or "")
    if info.workflow_id != late_payment_id(name):
        return False
    if isinstance(call, CancelCall):
        return call.payment_request_id == name
    return call.refund_request_id == late_refund_id(name)


async def _check_late_money(
    call: CancelCall | RefundCall, name: str, origin: Origin, looks: Looks
) -> None:
    """Raise if an attempt's money pays an order, ever did or still may.

    Raises:
        ApplicationError: It does, or this cannot be found out.
    """
    order_id = order_named_in(name)
    lookup = PaymentLookup(order_id=order_id, payment_request_id=name)
    found = await looks.orders.find_payment(lookup)
    # Then the payment itself has decided that this money is not its order's.
    is_handed_over = origin.payment == workflow_id(order_id)
    _check_order(name, found, is_handed_over=is_handed_over)
    said: InquiryAnswer | None = None
    if isinstance(call, RefundCall):
        said = await looks.paid.check_refund(call, name)
    elif not is_handed_over:
        said = await looks.paid.inquire_before(call)
    if said and said.verdict is InquiryVerdict.SUCCESS and not is_handed_over:
        _check_opener_is_kept(name, found, said.paid_at)


def _check_order(name: str, found: PaymentFound, *, is_handed_over: bool) -> None:
    """Raise if a kept run counts the attempt as paid, or may do so later.

    While that is open the call is refused: the workflow calls again, and its wait needs
    attention.

    Raises:
        ApplicationError: It does, or this cannot be found out.
    """
    if name in found.paid:
        raise _refused(f"{name} pays its order")
    if found.paid and not found.is_proven:
        raise _not_yet(f"a person has called the order paid, perhaps by {name}")
    # Counted by an open payment that is just handing it over: the next try succeeds.
    if found.state is PaymentState.OPEN and name in found.counted:
        raise _not_yet(f"{name} pays its order, or is just being handed over")
    if is_handed_over:
        return
    if found.state is PaymentState.OPEN and name in found.attempts:
        raise _not_yet(f"{name} may still pay its order")
    if found.state in (PaymentState.STOPPED, PaymentState.UNKNOWN):
        raise _not_yet(f"{name}: how its order's payment ended is not known")


def _check_opener_is_kept(name: str, found: PaymentFound, paid_at: str | None) -> None:
    """Raise unless a run is kept that would know if the attempt paid its order.

    A run that was paid may have been deleted, and later ones started. These do not know
    the attempt, or began after it was paid.

    Raises:
        ApplicationError: None is kept.
    """
    began = found.opener_began_at
    try:
        paid = datetime.fromisoformat(paid_at or "")
        knows = began is not None and began <= paid + CLOCKS_DIFFER
    except (ValueError, TypeError, OverflowError):  # no time, or a time without a zone
        knows = False
    if not knows:
        raise _not_yet(f"{name} may have paid its order in a run that is not kept")


def _refused(why: str) -> ApplicationError:
    return _failure(why, is_final=True)


def _not_yet(why: str) -> ApplicationError:
    return _failure(why, is_final=False)


def _failure(why: str, *, is_final: bool) -> ApplicationError:
    return ApplicationError(
        f"no money is moved: {why}", type="MONEY_NOT_MOVED", non_retryable=is_final
    )
