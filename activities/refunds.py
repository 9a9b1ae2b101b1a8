"""The calls to Alipay by which late money is refunded."""

from temporalio import activity

from activities.verdicts import answer_of, inquire
from alipay.client import AlipayClient
from contracts import RefundAnswer, RefundCall, RefundInquiryCall
from translation.answers import (
    from_refund_inquiry_refusal,
    from_refund_inquiry_response,
    from_refund_refusal,
    from_refund_response,
)
from translation.requests import to_refund_request


class RefundActivities:
    """The refund activities of one merchant."""

    def __init__(self, alipay: AlipayClient) -> None:
        self._alipay = alipay

    @activity.defn
    async def refund_payment(self, call: RefundCall) -> RefundAnswer:
        """Refund late money at Alipay."""
        return await answer_of(
            self._alipay.refund(to_refund_request(call)),
            from_refund_response,
            from_refund_refusal,
        )

    @activity.defn
    async def inquire_refund(self, call: RefundInquiryCall) -> RefundAnswer:
        """Inquire a refund at Alipay."""
        return await inquire(
            self._alipay.inquire_refund(call.refund_request_id),
            from_refund_inquiry_response,
            from_refund_inquiry_refusal,
            subject="refund",
        )
