"""The calls to Alipay that a payment makes.

A verdict, also a refusal, is the activity's result: history shows it as a fact. No
verdict is an ordinary error, and Temporal retries the same call with the same id; only
a request that cannot be sent at all is not retried. Such errors are one sentence
without a cause: Temporal keeps 4 kB of a pending activity's last failure, and shows
nothing of a longer one.
"""

from datetime import UTC, datetime

from temporalio import activity

from activities.verdicts import answer_of, inquire
from alipay.client import AlipayClient
from alipay.wallets import WALLETS
from contracts import (
    CancelAnswer,
    CancelCall,
    CancelVerdict,
    InquiryAnswer,
    InquiryCall,
    PayAnswer,
    PayCall,
)
from translation.answers import (
    expiry_of,
    from_cancel_refusal,
    from_cancel_response,
    from_inquiry_refusal,
    from_inquiry_response,
    from_pay_refusal,
    from_pay_response,
)
from translation.requests import to_pay_request


class PaymentActivities:
    """The payment activities of one merchant."""

    def __init__(self, alipay: AlipayClient, *, notify_url: str) -> None:
        self._alipay = alipay
        self._notify_url = notify_url

    @activity.defn
    async def pay(self, call: PayCall) -> PayAnswer:
        """Ask Alipay for the cashier page; a repeat returns the same one."""
        is_first = activity.info().attempt == 1
        return await answer_of(
            self._alipay.pay(to_pay_request(call, notify_url=self._notify_url)),
            lambda response: from_pay_response(
                call, response, expiry_of(call, response, datetime.now(UTC))
            ),
            lambda refusal: from_pay_refusal(refusal, certain=is_first),
        )

    @activity.defn
    async def inquire_payment(self, call: InquiryCall) -> InquiryAnswer:
        """Inquire the payment at Alipay."""
        return await inquire(
            self._alipay.inquire_payment(call.payment_request_id),
            from_inquiry_response,
            from_inquiry_refusal,
            subject="payment",
        )

    @activity.defn
    async def cancel_payment(self, call: CancelCall) -> CancelAnswer:
        """Cancel the payment at Alipay, if its wallet allows that."""
        if not may_cancel(call, datetime.now(UTC)):
            return CancelAnswer(verdict=CancelVerdict.NOT_ALLOWED)
        return await answer_of(
            self._alipay.cancel_payment(call.payment_request_id),
            from_cancel_response,
            from_cancel_refusal,
        )


def may_cancel(call: CancelCall, now: datetime) -> bool:
    """Whether the wallet's rules allow a cancel, before or after payment."""
    wallet = WALLETS.get(call.wallet)
    if wallet is None:
        return True  # a wallet without rules: Alipay decides
    if call.paid_at is None:
        return wallet.cancel_before_payment
    try:
        until = wallet.may_cancel_paid_until(datetime.fromisoformat(call.paid_at))
    except ValueError:
        # A malformed time: Alipay knows when it was paid.
        return wallet.cancel_after_payment != "not_allowed"
    return until is not None and now < until
