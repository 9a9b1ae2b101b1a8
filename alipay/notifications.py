"""Alipay's notifications to the merchant: verify, then parse, never the other way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from alipay.errors import MalformedNotificationError, SignatureVerificationError
from alipay.keys import AlipayKeys
from alipay.models import PaymentNotification, Result
from alipay.signing import Message, verify

# The one acknowledgement that ends Alipay's resending (protocol.md 2.3).
ACKNOWLEDGEMENT = {
    "result": Result(
        result_code="SUCCESS", result_status="S", result_message="success"
    ).model_dump(by_alias=True)
}


@dataclass(frozen=True)
class SignedNotification:
    """A notification with the evidence that Alipay sent it."""

    content: PaymentNotification
    message: Message
    signature: str


class NotificationReader:
    """Reads what arrives at one notification URL, for one client id."""

    def __init__(self, *, path: str, client_id: str, alipay_keys: AlipayKeys) -> None:
        """Take the URL's path as Alipay calls it, which a proxy may have rewritten."""
        self._path = path
        self._client_id = client_id
        self._alipay_keys = alipay_keys

    def parse_notification(
        self, headers: Mapping[str, str], body: bytes
    ) -> SignedNotification:
        """Verify the raw bytes, then read them.

        Args:
            headers: As received; names in any case.
            body: The raw bytes, not decoded and not serialised anew.

        Raises:
            SignatureVerificationError: Not provably Alipay's, or for another client.
            MalformedNotificationError: Alipay's, yet not a payment notification.
        """
        signature, time, client_id = (
            _only(headers, name) for name in ("signature", "request-time", "client-id")
        )
        if not time:
            raise SignatureVerificationError("the request-time header is missing")
        if client_id != self._client_id:
            raise SignatureVerificationError("the client-id header is not ours")
        message = Message("POST", self._path, self._client_id, time, body)
        verify(message, signature, self._alipay_keys)
        return SignedNotification(_parse(body), message, signature)


def _only(headers: Mapping[str, str], wanted: str) -> str:
    """Return a header's value; two different ones leave open which was signed."""
    values = {value for name, value in headers.items() if name.lower() == wanted}
    if len(values) > 1:
        raise SignatureVerificationError(f"the {wanted} header occurs twice")
    return next(iter(values), "")


def _parse(body: bytes) -> PaymentNotification:
    try:
        fields = json.loads(
            body.decode(),
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_constant,
        )
        json.dumps(fields, ensure_ascii=False).encode()  # no halves of characters
        return PaymentNotification.model_validate(fields)
    except ValidationError as error:
        # Names and rules only: the values may be the customer's.
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)[:5]
        )
        raise MalformedNotificationError(problems) from None
    except (ValueError, RecursionError):
        raise MalformedNotificationError("the body is not one JSON object") from None


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Two readers of a doubled key may see two amounts; refuse instead of choosing.
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a JSON key occurs twice")
    return fields


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")  # though Python reads NaN and Infinity
