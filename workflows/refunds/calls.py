"""The call to Alipay that makes a refund of an order."""

from activities.order_refunds import OrderRefundActivities
from contracts import (
    OrderRefundAnswer,
    OrderRefundCall,
    in_words,
)
from workflows.alipay_calls import Question


def ask_to_give_back(call: OrderRefundCall) -> Question[OrderRefundAnswer]:
    return Question(
        OrderRefundActivities.refund_order.__name__,
        call,
        OrderRefundAnswer,
        f"Refund {in_words(call.amount)}, if so much is left",
    )
