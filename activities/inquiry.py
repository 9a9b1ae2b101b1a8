"""An inquiry inside another activity: Alipay's answer right before money moves.

Anybody with rights in Temporal can complete a workflow's own inquiry with a false or an
old answer; only Alipay can answer this one.
"""

import asyncio
from datetime import timedelta

from temporalio.exceptions import ApplicationError

from activities.verdicts import inquire
from alipay.client import AlipayClient
from alipay.models import InquiryResponse
from contracts import InquiryAnswer
from translation.answers import from_inquiry_refusal, from_inquiry_response


async def inquire_within(
    alipay: AlipayClient, payment_request_id: str, patience: timedelta
) -> InquiryAnswer:
    """Inquire a payment at Alipay, and wait no longer than `patience`.

    Raises:
        ApplicationError: There is no verdict.
    """

    def read(response: InquiryResponse) -> InquiryAnswer | None:
        if response.payment_request_id != payment_request_id:
            raise ApplicationError(
                "inquiryPayment: the answer is about another payment",
                type="UnprovenResponseError",
            )
        return from_inquiry_response(response)

    try:
        async with asyncio.timeout(patience.total_seconds()):
            return await inquire(
                alipay.inquire_payment(payment_request_id),
                read,
                from_inquiry_refusal,
                subject="payment",
            )
    except TimeoutError:
        raise ApplicationError(
            "inquiryPayment: no answer within "
            f"{patience.total_seconds():.0f} s, before anything was done",
            type="NoVerdictError",
        ) from None
