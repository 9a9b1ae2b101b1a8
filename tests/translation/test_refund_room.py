"""The amount that may still be refunded, by Alipay's list."""

import pytest

from contracts import (
    InquiryVerdict,
    Money,
    OrderRefundCall,
    PaymentLook,
    RefundSeen,
)
from translation.refund_room import elsewhere, room_for

PAID = Money(currency="PHP", value=10000)


@pytest.mark.parametrize("name", ["by-hand-1", "", "20261130000001", "x_y"])
@pytest.mark.parametrize("own", ["", "order-1_rr-1_1"])
def test_a_refund_whose_id_is_of_any_form_counts(name: str, own: str) -> None:
    by_hand = RefundSeen(
        refund_request_id=name,
        kind="REFUND",
        status="SUCCESS",
        amount=Money(currency="PHP", value=7000),
    )
    look = PaymentLook(verdict=InquiryVerdict.SUCCESS, amount=PAID, refunds=(by_hand,))
    call = OrderRefundCall(
        order_id="order-1",
        payment_request_id="order-1_1",
        wallet="GCASH",
        refund_request_id=own,
        amount=PAID,
    )
    assert elsewhere(call, look) == (by_hand,)
    assert room_for(call, look) == 3000
