"""What the late-payment workflow asks of Alipay to give money back."""

from temporalio import activity

from activities.translation import to_refund_request
from activities.verdicts import NOT_EXIST, answer_of, inquire
from alipay.client import AlipayClient
from alipay.models import RefundInquiryResponse, RefundResponse
from contracts import RefundAnswer, RefundCall, RefundInquiryCall, RefundVerdict

# The statuses of an inquired refund (docs/protocol.md 2.6).
_OF_STATUS = {
    "SUCCESS": RefundVerdict.REFUNDED,
    "PROCESSING": RefundVerdict.IN_PROCESS,
    "FAIL": RefundVerdict.REFUSED,
}


class RefundActivities:
    """The refund activities of one merchant."""

    def __init__(self, alipay: AlipayClient) -> None:
        self._alipay = alipay

    @activity.defn
    async def refund_payment(self, call: RefundCall) -> RefundAnswer:
        """Ask Alipay to give the money back."""
        return await answer_of(
            self._alipay.refund(to_refund_request(call)),
            _from_refund_response,
            lambda refusal: RefundAnswer(
                verdict=RefundVerdict.REFUSED,
                result_code=refusal.result_code,
                result_message=refusal.result_message,
            ),
        )

    @activity.defn
    async def inquire_refund(self, call: RefundInquiryCall) -> RefundAnswer:
        """Ask Alipay what became of a refund."""
        return await inquire(
            self._alipay.inquire_refund(call.refund_request_id),
            _from_refund_inquiry,
            unknown=RefundAnswer(
                verdict=RefundVerdict.NOT_EXIST, result_code=NOT_EXIST
            ),
            subject="refund",
        )


def _from_refund_response(response: RefundResponse) -> RefundAnswer:
    done = response.result.result_status == "S"
    return RefundAnswer(
        verdict=RefundVerdict.REFUNDED if done else RefundVerdict.IN_PROCESS,
        result_code=response.result.result_code,
    )


def _from_refund_inquiry(response: RefundInquiryResponse) -> RefundAnswer | None:
    verdict = _OF_STATUS.get(response.refund_status or "")
    return RefundAnswer(verdict=verdict) if verdict else None
