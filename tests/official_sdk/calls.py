"""What Alipay's official SDK does with one order; it runs in the SDK's environment.

Nothing of ours can be imported here. The order comes as JSON by standard input, and
what the SDK says goes to standard output, as JSON too.
"""

import json
import socket
import sys
from collections.abc import Callable
from typing import Any

from com.alipay.ams.api.default_alipay_client import DefaultAlipayClient
from com.alipay.ams.api.model.amount import Amount
from com.alipay.ams.api.model.env import Env
from com.alipay.ams.api.model.order import Order
from com.alipay.ams.api.model.payment_method import PaymentMethod
from com.alipay.ams.api.model.product_code_type import ProductCodeType
from com.alipay.ams.api.model.terminal_type import TerminalType
from com.alipay.ams.api.request.notify.alipay_refund_notify import AlipayRefundNotify
from com.alipay.ams.api.request.pay.alipay_inquiry_refund_request import (
    AlipayInquiryRefundRequest,
)
from com.alipay.ams.api.request.pay.alipay_pay_cancel_request import (
    AlipayPayCancelRequest,
)
from com.alipay.ams.api.request.pay.alipay_pay_query_request import (
    AlipayPayQueryRequest,
)
from com.alipay.ams.api.request.pay.alipay_pay_request import AlipayPayRequest
from com.alipay.ams.api.request.pay.alipay_refund_request import AlipayRefundRequest
from com.alipay.ams.api.response.pay.alipay_pay_query_response import (
    AlipayPayQueryResponse,
)
from com.alipay.ams.api.tools.signature_tool import sign
from com.alipay.ams.api.tools.webhook_tool import check_signature

Values = dict[str, Any]


def pay(values: Values) -> AlipayPayRequest:
    request = _of(AlipayPayRequest, values)
    request.product_code = ProductCodeType.CASHIER_PAYMENT
    request.payment_amount = _of(Amount, values["payment_amount"])
    request.payment_method = _of(PaymentMethod, values["payment_method"])
    request.order = _of(Order, values["order"])
    request.order.order_amount = request.payment_amount
    request.env = Env()
    request.env.terminal_type = TerminalType.WEB
    return request


def refund(values: Values) -> AlipayRefundRequest:
    request = _of(AlipayRefundRequest, values)
    request.refund_amount = _of(Amount, values["refund_amount"])
    return request


REQUESTS: dict[str, Callable[[Values], Any]] = {
    "pay": pay,
    "inquire_payment": lambda values: _of(AlipayPayQueryRequest, values),
    "cancel": lambda values: _of(AlipayPayCancelRequest, values),
    "refund": refund,
    "inquire_refund": lambda values: _of(AlipayInquiryRefundRequest, values),
}


def _of(kind: type, values: Values) -> Any:
    filled = kind()
    for name, value in values.items():
        setattr(filled, name, value)
    return filled


def read_refund_notice(body: str) -> Values:
    """Return what the SDK reads of a notification; of a refund it skips the amount."""
    notice = AlipayRefundNotify(body)
    return {
        "notify_type": notice.notify_type,
        "refund_status": notice.refund_status,
        "refund_request_id": notice.refund_request_id,
        "refund_id": notice.refund_id,
    }


def read_transactions(body: str) -> list[Values]:
    """Return what the SDK reads of the refunds of a payment."""
    return [
        {
            "type": one.transaction_type.value,
            "status": one.transaction_status.value,
            "result_code": one.transaction_result.result_code,
            "transaction_id": one.transaction_id,
            "request_id": one.transaction_request_id,
            "value": one.transaction_amount.value,
        }
        for one in AlipayPayQueryResponse(body).transactions
    ]


READERS: dict[str, Callable[[str], object]] = {
    "read_refund_notice": read_refund_notice,
    "read_transactions": read_transactions,
}


def execute(order: Values) -> object:
    """Call the gateway; the SDK returns what it has verified, and raises otherwise."""
    client = DefaultAlipayClient(
        order["gateway_url"],
        order["client_id"],
        order["private_key"],
        order["public_key"],
    )
    return json.loads(client.execute(REQUESTS[order["do"]](order["values"])))


def lead_to(port: int) -> None:
    """Lead all connections to a port of this machine.

    The SDK calls port 443 whatever the URL says, where only root may listen. Names and
    TLS certificates stay as they are.
    """
    connect = socket.create_connection
    socket.create_connection = lambda _, *more, **options: connect(
        ("127.0.0.1", port), *more, **options
    )


def main() -> None:
    order = json.load(sys.stdin)
    if order["do"] == "verify":
        said: object = check_signature(*order["values"])
    elif order["do"] == "sign":
        said = sign(*order["values"])
    elif order["do"] in READERS:
        said = READERS[order["do"]](order["values"])
    else:
        lead_to(order["port"])
        said = execute(order)
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
