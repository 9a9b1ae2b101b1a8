"""Asks Alipay right before money is moved, whatever the workflow recorded.

It is not part of the activities that move money: the auditor runs those again from a
history, which holds only their own call.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio.exceptions import ApplicationError

from activities.inquiry import inquire_within
from activities.payments import may_cancel
from alipay.client import AlipayClient
from contracts import CancelCall, InquiryAnswer, InquiryVerdict, RefundCall

# Of the 20 s of an activity (workflows/alipay_calls.py) the call itself needs 13 s.
PATIENCE: Final = timedelta(seconds=6)
# Alipay refuses to refund a cancelled payment; its signed refusal is returned.
WAS_PAID: Final = (InquiryVerdict.SUCCESS, InquiryVerdict.CANCELLED)


class PaidAtAlipay:
    """Asks Alipay from this worker, so that nobody else can write the answer."""

    def __init__(self, alipay: AlipayClient) -> None:
        self._alipay = alipay

    async def inquire_before(self, call: CancelCall) -> InquiryAnswer | None:
        """Return Alipay's answer about an attempt; None where no cancel would be sent.

        Raises:
            ApplicationError: There is no verdict.
        """
        if not may_cancel(call, datetime.now(UTC)):
            return None
        return await inquire_within(self._alipay, call.payment_request_id, PATIENCE)

    async def check_unpaid(self, call: CancelCall) -> None:
        """Raise unless the attempt to be closed is unpaid.

        Raises:
            ApplicationError: It is paid (PAID_NOT_CANCELLED, not to be repeated), or
                there is no verdict.
        """
        said = await self.inquire_before(call)
        if said and said.verdict is InquiryVerdict.SUCCESS:
            name = call.payment_request_id
            raise ApplicationError(
                f"{name} is paid, says Alipay right before it is cancelled",
                type="PAID_NOT_CANCELLED",
                non_retryable=True,
            )

    async def check_refund(
        self, call: RefundCall, payment_request_id: str
    ) -> InquiryAnswer:
        """Return Alipay's answer if the call names the paid id and amount.

        Raises:
            ApplicationError: It names others (REFUND_DIFFERS, not to be repeated), or
                there is no verdict.
        """
        paid = await inquire_within(self._alipay, payment_request_id, PATIENCE)
        named = (paid.payment_id or "", paid.amount)
        if paid.verdict not in WAS_PAID or named != (call.payment_id, call.amount):
            raise ApplicationError(
                "no money is moved: what is to be refunded is not what Alipay says was "
                f"paid for {payment_request_id}",
                type="REFUND_DIFFERS",
                non_retryable=True,
            )
        return paid
