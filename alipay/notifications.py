"""Alipay's notifications to the merchant: verified first, then parsed."""

from collections.abc import Mapping
from dataclasses import dataclass

from alipay.errors import MalformedNotificationError, SignatureVerificationError
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.models import Notification, Result
from alipay.signing import verify
from alipay.strict_json import read_object

# The only acknowledgement that ends Alipay's resending (protocol.md 2.3).
ACKNOWLEDGEMENT = {
    "result": Result(
        result_code="SUCCESS", result_status="S", result_message="success"
    ).model_dump(by_alias=True)
}


@dataclass(frozen=True)
class SignedNotification:
    """A notification, of a payment or of another kind, with its signature."""

    content: Notification
    message: Message
    signature: str


class NotificationReader:
    """Reads messages that arrive at a notification URL, for one client id."""

    def __init__(self, *, path: str, client_id: str, alipay_keys: AlipayKeys) -> None:
        """Take the usual URL's path as Alipay calls it; a proxy may rewrite it."""
        self._path = path
        self._client_id = client_id
        self._alipay_keys = alipay_keys

    def parse_notification(
        self, headers: Mapping[str, str], body: bytes, *, path: str | None = None
    ) -> SignedNotification:
        """Verify the raw bytes, then read them.

        A malformed field is left out, because a signed notification that is refused is
        sent again for a day and then lost; code that decides by a field checks that it
        is there.

        Args:
            headers: As received; names in any case.
            body: The raw bytes, not decoded and not serialised again.
            path: The path as Alipay called it, if it was not the usual one.

        Raises:
            SignatureVerificationError: Not provably Alipay's, or for another client.
            MalformedNotificationError: Alipay's, yet not one JSON object.
        """
        signature, time, client_id = (
            _only(headers, name) for name in ("signature", "request-time", "client-id")
        )
        if not time:
            raise SignatureVerificationError("the request-time header is missing")
        if client_id != self._client_id:
            raise SignatureVerificationError("the client-id header is not ours")
        message = Message("POST", path or self._path, self._client_id, time, body)
        verify(message, signature, self._alipay_keys)
        return SignedNotification(_parse(body), message, signature)


def _only(headers: Mapping[str, str], wanted: str) -> str:
    """Return a header's value; reject two, of which either may be the signed one."""
    values = {value for name, value in headers.items() if name.lower() == wanted}
    if len(values) > 1:
        raise SignatureVerificationError(f"the {wanted} header occurs twice")
    return next(iter(values), "")


def _parse(body: bytes) -> Notification:
    try:
        fields = read_object(body)
    except ValueError:
        # Without the parser's message: it may quote the customer's values.
        raise MalformedNotificationError("the body is not one JSON object") from None
    return Notification.model_validate(fields)
