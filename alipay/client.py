"""The client: one signed POST a call, no retries of its own (Temporal retries).

A call returns an answer that Alipay has signed, raises a verdict (`RejectedError`), or
raises `NoVerdictError`; no other error is raised, whatever the network does. A request
that our side cannot send at all is an `UnsendableError`: a retry is useless.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.answers import path_of, proven_answer
from alipay.errors import NoVerdictError, UnsendableError
from alipay.http_answer import HttpAnswer, NotReadError, read_answer
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Exchange, Message, Signed
from alipay.models import (
    Answer,
    CancelResponse,
    InquiryResponse,
    PaymentIdQuestion,
    PaymentQuestion,
    PayRequest,
    PayResponse,
    RefundInquiryResponse,
    RefundRequest,
    RefundResponse,
    Wire,
)
from alipay.signing import sign
from alipay.unsendable import is_unsendable, name_of

# Alipay recommends 10 s for `pay`, then the same request again (protocol.md 4.2).
READ_TIMEOUT = timedelta(seconds=10)
# A host that does not answer the handshake is down or unreachable: fail soon, retry.
CONNECT_TIMEOUT = timedelta(seconds=3)
# Alipay rarely asks for a new connection; idle ones are kept less long than servers do.
LIMITS = httpx.Limits(
    max_connections=100, max_keepalive_connections=50, keepalive_expiry=30
)

AnswerT = TypeVar("AnswerT", bound=Answer)


def open_connections(
    *, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """Return pooled connections: TLS verified, no redirects, no implicit proxy."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(
            READ_TIMEOUT.total_seconds(), connect=CONNECT_TIMEOUT.total_seconds()
        ),
        limits=LIMITS,
        verify=ssl.create_default_context(),
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )


def epoch_milliseconds() -> str:
    """Return the Request-Time as today's documentation wants it (protocol.md 1.3)."""
    return str(round(datetime.now(UTC).timestamp() * 1000))


class AlipayClient:
    """Calls Alipay as one merchant."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        host: str,
        client_id: str,
        private_key: RSAPrivateKey,
        alipay_keys: AlipayKeys,
        key_version: int = 1,
        now: Callable[[], str] = epoch_milliseconds,
    ) -> None:
        self._http = http
        self._host = host.rstrip("/")
        self._client_id = client_id
        self._private_key = private_key
        self._alipay_keys = alipay_keys
        self._key_version = key_version
        self._now = now

    @property
    def client_id(self) -> str:
        """The merchant's client id."""
        return self._client_id

    @property
    def keys(self) -> AlipayKeys:
        """Alipay's public keys, which verify answers."""
        return self._alipay_keys

    async def pay(self, request: PayRequest) -> PayResponse:
        """Create a payment, or get its answer again: idempotent by payment_request_id.

        Raises:
            RejectedError: This payment_request_id is dead: Alipay answered F.
            NoVerdictError: It may or may not exist; call again with the same values.
        """
        return await self._call("pay", request, PayResponse)

    async def inquire_payment(self, payment_request_id: str) -> InquiryResponse:
        """Inquire a payment.

        Raises:
            RejectedError: The inquiry itself failed, e.g. ORDER_NOT_EXIST.
            NoVerdictError: Ask again.
        """
        request = PaymentQuestion(payment_request_id=payment_request_id)
        return await self._call("inquiryPayment", request, InquiryResponse)

    async def inquire_payment_id(self, payment_id: str) -> InquiryResponse:
        """Inquire a payment by Alipay's payment_id; the answer has our id.

        Raises:
            RejectedError: The inquiry itself failed, e.g. ORDER_NOT_EXIST.
            NoVerdictError: Ask again.
        """
        request = PaymentIdQuestion(payment_id=payment_id)
        return await self._call("inquiryPayment", request, InquiryResponse)

    async def cancel_payment(self, payment_request_id: str) -> CancelResponse:
        """Close a payment, paid or not: idempotent by payment_request_id.

        Raises:
            RejectedError: It was not cancelled; the code says why.
            NoVerdictError: It may or may not be cancelled; call again.
        """
        request = PaymentQuestion(payment_request_id=payment_request_id)
        return await self._call("cancel", request, CancelResponse)

    async def refund(self, request: RefundRequest) -> RefundResponse:
        """Refund money: idempotent by refund_request_id.

        Returns:
            S, or U with REFUND_IN_PROCESS, after which it must not be sent again.

        Raises:
            RejectedError: This refund_request_id will never refund any money.
            NoVerdictError: It may or may not be refunded; call again with the same
                values.
        """
        return await self._call("refund", request, RefundResponse)

    async def inquire_refund(self, refund_request_id: str) -> RefundInquiryResponse:
        """Inquire a refund.

        Raises:
            RejectedError: The inquiry itself failed, e.g. ORDER_NOT_EXIST.
            NoVerdictError: Ask again.
        """
        request = Wire.model_validate({"refundRequestId": refund_request_id})
        return await self._call("inquiryRefund", request, RefundInquiryResponse)

    async def _call(
        self, api: str, request: Wire, answer_type: type[AnswerT]
    ) -> AnswerT:
        message = Message(
            "POST",
            path_of(api, self._client_id),
            self._client_id,
            self._now(),
            request.to_wire(),
        )
        try:
            signature = sign(message, self._private_key, key_version=self._key_version)
        except ValueError as error:  # e.g. a key too short for the signature
            raise UnsendableError(f"{api}: the request cannot be signed") from error
        request_sent = Signed(message, signature)
        response = await self._send(api, request_sent)
        return proven_answer(
            api,
            Exchange(request_sent, _received(response, message.path)),
            answer_type,
            client_id=self._client_id,
            keys=self._alipay_keys,
        )

    async def _send(self, api: str, request: Signed) -> HttpAnswer:
        message = request.message
        headers = {
            "Client-Id": message.client_id,
            "Request-Time": message.time,
            "Content-Type": "application/json; charset=UTF-8",
            "Signature": request.signature,
            # A few kilobytes of a compressed body may become gigabytes.
            "Accept-Encoding": "identity",
        }
        try:
            async with self._http.stream(
                "POST",
                self._host + message.path,
                content=message.body,
                headers=headers,
            ) as response:
                return await read_answer(response)
        except NotReadError as error:
            raise NoVerdictError(f"{api}: {error}") from None
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            OSError,
            OverflowError,
            TypeError,
            ValueError,
            ExceptionGroup,
        ) as error:
            # Includes connections that broke off and undecodable encodings.
            wrong = UnsendableError if is_unsendable(error) else NoVerdictError
            raise wrong(f"{api}: {name_of(error)}") from error


def _received(response: HttpAnswer, path: str) -> Signed:
    """Return the answer as received; without both headers it is unsigned."""
    signature = response.headers.get("signature", "")
    time = response.headers.get("response-time", "")
    client_id = response.headers.get("client-id", "") if signature or time else ""
    return Signed(Message("POST", path, client_id, time, response.body), signature)
