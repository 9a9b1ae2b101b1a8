"""The client of the payment API, with all calls of the shop."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx
from httpx_sse import SSEError, aconnect_sse
from pydantic import ValidationError

from storefront.payment_api.answers import (
    Answer,
    OpenedPayment,
    PaymentState,
    Refusal,
    Wallet,
    WalletList,
)
from storefront.payment_api.refunds import OrderRefunds, Refund

# Reads are quick, and a customer waits for them before the page is shown.
LOOK = httpx.Timeout(4, connect=2)
# The API waits up to 16 s for Alipay: for a cashier page, a cancel, an inquiry or a
# refund.
ASK = httpx.Timeout(20, connect=3)
# Longer than two pauses of the API's keep-alive comments, 15 s each.
LISTEN = httpx.Timeout(40, connect=3)
# The longest Retry-After that is honoured, so that a wrong one does not stop the shop.
LONGEST_RETRY_AFTER = 120

AnswerT = TypeVar("AnswerT", bound=Answer)


class AwayError(Exception):
    """The API gave no result: time-out, 5xx, too many calls, or a foreign answer.

    The call may have taken effect; repeating it is safe.
    """

    def __init__(self, why: str, *, retry_after: int | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(why)


class RefusedError(Exception):
    """The API refuses the request, with a reason."""

    def __init__(self, status: int, refusal: Refusal) -> None:
        self.status = status
        self.refusal = refusal
        super().__init__(f"{status} {refusal.code}")


class CashierApi:
    """The payment API of the shop's merchant."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Use an HTTP client with the API's URL and the key."""
        self._http = http

    async def close(self) -> None:
        await self._http.aclose()

    async def wallets(self, currency: str, terminal: str) -> tuple[Wallet, ...]:
        """Return the wallets for a currency and a type of device."""
        answer = await self._call(
            "GET",
            "/wallets",
            params={"currency": currency, "terminal": terminal},
            timeout=LOOK,
        )
        return _read(WalletList, answer).wallets

    async def open(self, payment: Mapping[str, Any]) -> OpenedPayment:
        """Start the payment of an order; a repeat is the same payment."""
        answer = await self._call("POST", "/payments", json=payment, timeout=ASK)
        return _read(OpenedPayment, answer)

    async def state(
        self, order_id: str, *, refresh: bool = False
    ) -> PaymentState | None:
        """Return the state of an order's payment; None if there is none.

        Args:
            order_id: The order's id.
            refresh: Whether the API queries Alipay first.
        """
        try:
            answer = await self._call(
                "GET",
                f"/payments/{order_id}",
                params={"refresh": "1"} if refresh else {},
                timeout=ASK if refresh else LOOK,
            )
        except RefusedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise
        return _read(PaymentState, answer)

    async def cancel(self, order_id: str) -> PaymentState:
        """Cancel a payment, so that it cannot be paid later."""
        answer = await self._call("POST", f"/payments/{order_id}/cancel", timeout=ASK)
        return _read(PaymentState, answer)

    async def refunds(self, order_id: str) -> OrderRefunds | None:
        """Return the refunds of an order; None if its payment is unknown."""
        try:
            answer = await self._call(
                "GET", f"/payments/{order_id}/refunds", timeout=LOOK
            )
        except RefusedError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise
        return _read(OrderRefunds, answer)

    async def refund(self, order_id: str, refund: Mapping[str, Any]) -> Refund:
        """Request a refund; a repeat with the same `refund_id` is the same refund.

        Raises:
            AwayError: It is unknown whether the API received it; repeating it is safe.
            RefusedError: No money is returned: Alipay has refused it (402), or the API
                has, without a call to Alipay.
        """
        answer = await self._call(
            "POST",
            f"/payments/{order_id}/refunds",
            json=refund,
            timeout=ASK,
            # The key's limit or end, which the person who asked for a refund must see.
            verdicts=(httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN),
        )
        return _read(Refund, answer)

    @asynccontextmanager
    async def events(
        self, order_id: str, last_event_id: str
    ) -> AsyncIterator[AsyncIterator[tuple[str, PaymentState]]]:
        """Open the payment's event stream; each event is its id and the new state.

        Raises:
            AwayError: The stream could not be opened, or broke off.
            RefusedError: The API refuses it, for example because it has no such order.
        """
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        path = f"/payments/{order_id}/events"
        try:
            async with aconnect_sse(
                self._http, "GET", path, headers=headers, timeout=LISTEN
            ) as source:
                if not source.response.is_success:
                    await source.response.aread()
                    raise _no(source.response)
                # Comment lines arrive as events without data.
                yield (
                    (event.id, PaymentState.model_validate_json(event.data))
                    async for event in source.aiter_sse()
                    if event.data
                )
        except (httpx.HTTPError, SSEError, ValidationError) as error:
            raise AwayError(type(error).__name__) from error

    async def _call(
        self,
        method: str,
        path: str,
        *,
        verdicts: Collection[int] = (),
        **more: Any,  # noqa: ANN401
    ) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise AwayError(type(error).__name__) from error
        if not answer.is_success:
            raise _no(answer, verdicts)
        return answer


def _no(
    answer: httpx.Response, verdicts: Collection[int] = ()
) -> AwayError | RefusedError:
    status = answer.status_code
    # 401 and 403: a wrong key is the shop's fault, and no result of the payment.
    is_none = status in (401, 403, 408, 429) and status not in verdicts
    if is_none or not 400 <= status < 500:
        return AwayError(f"HTTP {status}", retry_after=_retry_after(answer))
    try:
        refusal = Refusal.model_validate_json(answer.content)
    except ValidationError:
        return AwayError(f"HTTP {status}, and no problem document")
    return RefusedError(status, refusal)


def _retry_after(answer: httpx.Response) -> int | None:
    seconds = answer.headers.get("retry-after", "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10):
        return None
    return min(int(seconds), LONGEST_RETRY_AFTER)


def _read(kind: type[AnswerT], answer: httpx.Response) -> AnswerT:
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError as error:
        raise AwayError(f"not a {kind.__name__}") from error
