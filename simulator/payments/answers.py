"""The JSON bodies that Alipay writes; shaped after the samples of its documentation."""

from datetime import datetime, timedelta, timezone
from typing import Any

from simulator.payments.payment import Payment, Status
from simulator.payments.refund import Refund, RefundStatus
from simulator.requests.money import Money, settle

Body = dict[str, Any]

# The real gateway writes US Pacific offsets into its bodies (docs/protocol.md 2.0).
PACIFIC = timezone(timedelta(hours=-7))

MESSAGES = {
    "PAYMENT_IN_PROCESS": "The payment is being processed.",
    "PROCESS_FAIL": "A general business failure occurred.",
    "ORDER_IS_CLOSED": "The order is closed.",
    "USER_BALANCE_NOT_ENOUGH": "The customer's balance is not enough.",
    "UNKNOWN_EXCEPTION": "The call failed for an unknown reason.",
    "REQUEST_TRAFFIC_EXCEED_LIMIT": "Too many requests.",
    "REFUND_IN_PROCESS": "Refund is under processing.",
}


def result(status: str, code: str) -> dict[str, str]:
    message = MESSAGES.get(code, "success.")
    return {"resultCode": code, "resultStatus": status, "resultMessage": message}


SUCCESS = result("S", "SUCCESS")


def stamp(moment: datetime) -> str:
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


class Writer:
    """Writes bodies, with the URLs of cashier pages and the clock's skew."""

    def __init__(self, base_url: str, skew: timedelta = timedelta()) -> None:
        self._base_url = base_url.rstrip("/")
        self._skew = skew

    def cashier_url(self, payment: Payment) -> str:
        return f"{self._base_url}/cashier/{payment.token}"

    def in_process(self, payment: Payment) -> Body:
        """`pay` was accepted; URLs come only while the customer can still pay."""
        body = {"result": result("U", "PAYMENT_IN_PROCESS")} | self._head(payment)
        return body | self._links(payment) if payment.payable else body

    def inquiry(self, payment: Payment) -> Body:
        status = payment.status
        body: Body = {"result": SUCCESS, "paymentStatus": status}
        body |= self._head(payment)
        if status is Status.PROCESSING:
            body |= _payment_result("PAYMENT_IN_PROCESS")
            body["redirectActionForm"] = {
                "actionFormType": "RedirectActionForm",
                "method": "GET",
                "redirectUrl": self.cashier_url(payment),
            }
        elif status is Status.FAIL:
            body |= _payment_result(payment.fail_code or "PROCESS_FAIL")
        elif status in {Status.SUCCESS, Status.CANCELLED}:
            # SUCCESS for CANCELLED as well: a trap (docs/protocol.md 2.2).
            body |= _payment_result("SUCCESS")
        if status is Status.SUCCESS:
            body |= self._paid(payment)
            body["transactions"] = [
                _transaction(payment, refund)
                for refund in payment.refunds
                if not refund.is_refused
            ] or None
        elif payment.paid_at is not None:
            body["paymentTime"] = self._stamp(payment.paid_at)
        return body

    def notification(self, payment: Payment, status: str, code: str) -> Body:
        body = {"notifyType": "PAYMENT_RESULT", "result": result(status, code)}
        body |= self._head(payment)
        if status == "S":
            body |= self._paid(payment)
            body["actualPaymentAmount"] = payment.charged.wire()
            body["paymentResultInfo"] = {}
        return body

    def pending_notification(self, payment: Payment) -> Body:
        head = self._head(payment)
        return {"notifyType": "PAYMENT_PENDING", "result": SUCCESS} | head

    def refund_notification(self, payment: Payment, refund: Refund) -> Body:
        """Names the refund alone, and no payment (docs/protocol.md 2.7)."""
        body = {
            "notifyType": "REFUND_RESULT",
            "result": _result_of(refund),
            "refundStatus": refund.status,
        }
        return body | self._refund(payment, refund)

    def dispute_notification(self, payment: Payment, kind: str, now: datetime) -> Body:
        """Its type has a name of its own, and it has no result (2.8)."""
        return {
            "disputeNotificationType": kind,
            "disputeId": f"D{payment.payment_id}",
            "disputeTime": self._stamp(now),
            "disputeAmount": payment.charged.wire(),
            "paymentRequestId": payment.payment_request_id,
            "paymentId": payment.payment_id,
        }

    def cancelled(self, payment: Payment) -> Body:
        body: Body = {
            "result": SUCCESS,
            "paymentRequestId": payment.payment_request_id,
            "paymentId": payment.payment_id,
        }
        if payment.cancelled_at is not None:
            body["cancelTime"] = self._stamp(payment.cancelled_at)
        return body

    def refunded(self, payment: Payment, refund: Refund) -> Body:
        if not refund.done:
            return {"result": result("U", "REFUND_IN_PROCESS")}
        body = {"result": SUCCESS, "paymentId": payment.payment_id}
        return body | self._refund(payment, refund)

    def refund_inquiry(self, payment: Payment, refund: Refund) -> Body:
        body = {"result": SUCCESS, "refundStatus": refund.status}
        return body | self._refund(payment, refund)

    def _stamp(self, moment: datetime) -> str:
        return stamp(moment + self._skew)

    def _head(self, payment: Payment) -> Body:
        return {
            "paymentRequestId": payment.payment_request_id,
            "paymentId": payment.payment_id,
            "paymentAmount": payment.charged.wire(),
            "paymentCreateTime": self._stamp(payment.created_at),
        }

    def _links(self, payment: Payment) -> Body:
        url = self.cashier_url(payment)
        links: Body = {
            "normalUrl": url,
            "redirectActionForm": {"method": "GET", "redirectUrl": url},
        }
        if payment.terminal == "WEB":
            if payment.rules.qr:
                code = {"codeValue": url, "displayType": "TEXT"}
                expire_time = self._stamp(payment.expires_at)
                links["orderCodeForm"] = {
                    "expireTime": expire_time,
                    "codeDetails": [code],
                }
            return links
        if payment.rules.scheme:
            app = payment.wallet.lower().replace("_", "")
            links["schemeUrl"] = f"{app}://cashier/{payment.token}"
        if payment.rules.applink:
            links["applinkUrl"] = f"{url}?from=applink"
        if payment.rules.package and payment.os == "ANDROID":
            links["appIdentifier"] = payment.rules.package
        return links

    def _paid(self, payment: Payment) -> Body:
        body: Body = {
            "pspCustomerInfo": {
                "pspName": payment.wallet,
                "pspCustomerId": f"2102{payment.payment_id[-12:]}",
            },
        }
        if payment.paid_at is not None:
            body["paymentTime"] = self._stamp(payment.paid_at)
        return body | self._settlement(payment, payment.charged)

    def _settlement(self, payment: Payment, amount: Money) -> Body:
        currency = payment.settlement_currency
        if currency is None or currency == payment.currency or payment.paid_at is None:
            return {}
        quote = settle(amount, currency)
        day = payment.paid_at.astimezone(PACIFIC).replace(hour=0, minute=0, second=0)
        return {
            "grossSettlementAmount": quote.settled.wire(),
            "settlementQuote": {
                "guaranteed": "true",
                "quoteId": f"Q{payment.payment_id}",
                "quoteCurrencyPair": quote.pair,
                "quotePrice": str(quote.price),
                "quoteStartTime": self._stamp(day),
                "quoteExpiryTime": self._stamp(day + timedelta(days=1)),
            },
        }

    def _refund(self, payment: Payment, refund: Refund) -> Body:
        amount = refund_money(payment, refund)
        body: Body = {
            "refundRequestId": refund.refund_request_id,
            "refundId": refund.refund_id,
            "refundAmount": amount.wire(),
        }
        if refund.done:
            # Of a failed refund as well: a trap (docs/protocol.md 2.5).
            body["refundTime"] = self._stamp(refund.done_at)
        if refund.status is RefundStatus.SUCCESS:
            body |= self._settlement(payment, amount)
        return body


def refund_money(payment: Payment, refund: Refund) -> Money:
    return Money(payment.currency, refund.value)


def _transaction(payment: Payment, refund: Refund) -> Body:
    return {
        "transactionType": "REFUND",
        "transactionStatus": refund.status,
        "transactionResult": _result_of(refund),
        "transactionId": refund.refund_id,
        "transactionRequestId": refund.refund_request_id,
        "transactionAmount": refund_money(payment, refund).wire(),
    }


def _result_of(refund: Refund) -> dict[str, str]:
    """Return the result of a refund itself, not of a call about it."""
    match refund.status:
        case RefundStatus.PROCESSING:
            return result("U", "REFUND_IN_PROCESS")
        case RefundStatus.FAIL:
            return result("F", refund.fails_with or "PROCESS_FAIL")
        case RefundStatus.SUCCESS:
            return SUCCESS


def _payment_result(code: str) -> Body:
    message = MESSAGES.get(code, "Success")
    return {"paymentResultCode": code, "paymentResultMessage": message}
