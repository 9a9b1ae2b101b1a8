"""Read and check `refund` requests; a refusal names the field."""

from dataclasses import dataclass

from simulator.requests.fields import Fields, illegal
from simulator.requests.money import Money

LONGEST_NOTIFY_URL = 1024
LONGEST_REASON = 256


@dataclass(frozen=True)
class RefundRequest:
    """The fields of `refund` (docs/protocol.md 2.5) that the simulator acts on."""

    refund_request_id: str
    amount: Money
    notify_url: str | None = None
    reason: str | None = None

    @classmethod
    def read(cls, fields: Fields, *, dashboard: str | None) -> "RefundRequest":
        """Read and check all fields that do not depend on the payment.

        Args:
            fields: The body.
            dashboard: The dashboard's URL for notifications of refunds.

        Raises:
            RefusedError: With the code and the field that Alipay would name.
        """
        request_id = fields.identifier("refundRequestId")
        # A paymentRequestId alone is not accepted (docs/protocol.md 2.5).
        fields.text("paymentId", longest=64)
        if fields.has("referenceRefundId"):
            fields.text("referenceRefundId", longest=64)
        return cls(
            refund_request_id=request_id,
            amount=fields.amount("refundAmount"),
            notify_url=_notify_url(fields, dashboard),
            reason=(
                fields.text("refundReason", longest=LONGEST_REASON)
                if fields.has("refundReason")
                else None
            ),
        )


def _notify_url(fields: Fields, dashboard: str | None) -> str | None:
    name = "refundNotifyUrl"
    if fields.has(name):
        fields.text(name, longest=LONGEST_NOTIFY_URL)
        return fields.url(name, "http", "https")
    if dashboard is None:
        raise illegal(name, "is missing, and the dashboard has no address for refunds")
    return None
