"""Refunds a payment: asks Alipay how much is left, then sends the refund.

Both are one activity, so that a refund made in Alipay's portal in the meantime counts.
A repeat gives no more money back, for the refundRequestId is the same, and a payment is
cancelled only once.
"""

from datetime import UTC, datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.payments import may_cancel
from activities.verdicts import answer_of, inquire
from alipay.client import AlipayClient
from contracts import (
    CancelAnswer,
    CancelCall,
    CancelVerdict,
    InquiryCall,
    InquiryVerdict,
    OrderRefundAnswer,
    OrderRefundCall,
    PaymentLook,
)
from translation.answers import (
    from_cancel_refusal,
    from_cancel_response,
    from_refund_refusal,
    from_refund_response,
)
from translation.refund_room import is_all_of_it, may_be_sent
from translation.refunds import (
    to_look_refusal,
    to_order_refund_request,
    to_payment_look,
)


class OrderRefundActivities:
    """The refunds of one merchant's orders."""

    def __init__(self, alipay: AlipayClient, *, notify_url: str) -> None:
        """Take the client of Alipay.

        Args:
            alipay: The client.
            notify_url: Where notifications of payments are sent; those of refunds are
                sent to addresses beside it.
        """
        self._alipay = alipay
        self._notify_url = notify_url

    @activity.defn
    async def refund_order(self, call: OrderRefundCall) -> OrderRefundAnswer:
        """Refund an amount if so much is left, and return Alipay's answer.

        Raises:
            ApplicationError: There is no verdict; the same call may be repeated.
        """
        certain = activity.info().attempt == 1
        look = await self.look(InquiryCall(payment_request_id=call.payment_request_id))
        if not may_be_sent(call, look):
            return OrderRefundAnswer(look=look, certain=certain)
        cancel = await self._cancel(call, look) if is_all_of_it(call, look) else None
        if cancel and cancel.verdict is CancelVerdict.CANCELLED:
            return OrderRefundAnswer(look=look, cancel=cancel)
        request = to_order_refund_request(call, look, notify_url=self._notify_url)
        refund = await answer_of(
            self._alipay.refund(request), from_refund_response, from_refund_refusal
        )
        return OrderRefundAnswer(
            look=look, cancel=cancel, refund=refund, certain=certain
        )

    async def look(self, call: InquiryCall) -> PaymentLook:
        """Inquire the payment, with its refunds so far.

        Raises:
            ApplicationError: There is no verdict; the same call may be repeated.
        """
        look = await inquire(
            self._alipay.inquire_payment(call.payment_request_id),
            to_payment_look,
            to_look_refusal,
            subject="payment",
        )
        if look.verdict is InquiryVerdict.SUCCESS and not look.payment_id:
            raise ApplicationError(
                "inquiryPayment: a success without a paymentId", type="NoVerdictError"
            )
        return look

    async def _cancel(
        self, call: OrderRefundCall, look: PaymentLook
    ) -> CancelAnswer | None:
        """Cancel the payment, which costs no commission; None if it is too late."""
        cancel = CancelCall(
            payment_request_id=call.payment_request_id,
            wallet=call.wallet,
            paid_at=look.paid_at or call.paid_at,
        )
        if not cancel.paid_at or not may_cancel(cancel, datetime.now(UTC)):
            return None
        return await answer_of(
            self._alipay.cancel_payment(call.payment_request_id),
            from_cancel_response,
            from_cancel_refusal,
        )
