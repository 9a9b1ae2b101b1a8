"""Sends events to the shop, signed as Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import BaseModel
from standardwebhooks.webhooks import Webhook
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.shop.connections import PrivateAddressError, UnencryptedError
from activities.shop.earlier_events import Earlier
from activities.shop.paid_events import PaidEvents
from alipay.unsendable import is_unsendable, name_of
from contracts import ProvenEvent, ShopAnswer, ShopEvent

# The specification recommends 15 to 30 s, but a shop only has to note it down.
PATIENCE_SECONDS = 8
# The redirects that keep method and body; no shop needs a longer chain.
KEEP_THE_CALL = (httpx.codes.TEMPORARY_REDIRECT, httpx.codes.PERMANENT_REDIRECT)
MOST_REDIRECTS = 3
# Another workflow's two quick tries end within seconds.
ITS_TURN = timedelta(seconds=5)


class CallbackBody(BaseModel):
    """The body of a callback: the event's type and time, and the event as `data`."""

    type: str
    timestamp: datetime
    data: ShopEvent


class CallbackActivities:
    """The callbacks to one merchant's shop."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        url: str | None,
        secrets: Callable[[], Sequence[str]],
        earlier: Earlier,
        paid: PaidEvents,
        redirects: bool = False,
    ) -> None:
        """Take the connections and the settings.

        Args:
            http: Connections to the shop (`activities.shop.connections`).
            url: The shop's URL for callbacks; None if it has none.
            secrets: Returns the secrets for each call, so that they may change
                meanwhile: all of them sign, and the shop verifies with one.
            earlier: Finds out whether an earlier event must be sent first.
            paid: Verifies an event that says *paid*.
            redirects: Whether redirects of the shop are followed.
        """
        self._http = http
        self._url = url
        self._secrets = secrets
        self._earlier = earlier
        self._paid = paid
        self._redirects = redirects

    @activity.defn
    async def tell_shop(self, proven: ProvenEvent) -> ShopAnswer:
        """Send one callback; any status but 2xx is an error, and retried."""
        event = proven.event
        signers = self._signers()
        if self._url is None or not signers:
            raise ApplicationError(
                "CASHIER_CALLBACK_URL or CASHIER_CALLBACK_SECRETS_FILE is not set, but "
                "this payment was begun with them",
                type="CALLBACKS_NOT_SET",
            )
        await self._check_its_turn(event)
        await self._paid.check(event, proven.evidence)
        body = CallbackBody(type=event.type, timestamp=event.occurred_at, data=event)
        content = body.model_dump_json(exclude_none=True)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                request = self._http.build_request(
                    "POST",
                    self._url,
                    content=content,
                    headers=_headers(signers, event.id, content),
                )
                status = await self._send(request)
        except PrivateAddressError as error:
            raise ApplicationError(
                f"the shop's address is not public: {error}; only "
                "CASHIER_CALLBACK_PRIVATE_ADDRESSES=true allows it",
                type="SHOP_ADDRESS_PRIVATE",
            ) from None
        except UnencryptedError as error:
            raise ApplicationError(
                f"{error} has a public address: CASHIER_CALLBACK_URL must begin with "
                "https:// there",
                type="SHOP_NOT_ENCRYPTED",
            ) from None
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            OSError,  # time-outs included
            OverflowError,
            TypeError,
            ValueError,
            ExceptionGroup,
        ) as error:
            raise _not_reached(error) from None
        if not httpx.codes.is_success(status):
            raise _refused(status, redirects=self._redirects)
        return ShopAnswer(http_status=status)

    def _signers(self) -> list[Webhook]:
        try:
            return [Webhook(secret) for secret in self._secrets()]
        except (OSError, ValueError) as error:
            # The error names the setting, and never quotes a secret.
            raise ApplicationError(
                f"CASHIER_CALLBACK_SECRETS_FILE: {error}",
                type="CALLBACK_SECRETS_UNREADABLE",
            ) from None

    async def _check_its_turn(self, event: ShopEvent) -> None:
        """Fail if the shop has not accepted an earlier event of the order.

        Raises:
            ApplicationError: It must wait in the order's queue; or, where it is sent
            from there, for the first try of another workflow.
        """
        in_queue = _is_in_queue()
        try:
            waits = not in_queue and await self._earlier.is_waiting(event)
            waits = waits or await self._earlier.is_being_sent(event)
        except RPCError as error:
            raise ApplicationError(
                "whether the shop knows all earlier events of this order cannot be "
                f"looked up: {error.status.name}",
                type="EARLIER_UNKNOWN",
            ) from None
        if waits:
            raise ApplicationError(
                "the shop has not accepted an earlier event of this order yet",
                type="EARLIER_UNTOLD",
                non_retryable=not in_queue,
                next_retry_delay=ITS_TURN if in_queue else None,
            )

    async def _send(self, request: httpx.Request) -> int:
        """Return the status of the answer, after redirects where these are allowed."""
        for _ in range(MOST_REDIRECTS):
            answer = await self._post(request)
            following = answer.next_request
            if not self._redirects or answer.status_code not in KEEP_THE_CALL:
                return answer.status_code
            if following is None or not _may_follow(request, following):
                return answer.status_code
            request = following
        return (await self._post(request)).status_code

    async def _post(self, request: httpx.Request) -> httpx.Response:
        """Return the answer without its body, which may be endless."""
        answer = await self._http.send(request, stream=True, follow_redirects=False)
        await answer.aclose()
        return answer


def _headers(signers: Sequence[Webhook], event_id: str, content: str) -> dict[str, str]:
    now = datetime.now(UTC)
    signatures = [signer.sign(event_id, now, content) for signer in signers]
    return {
        "Content-Type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _is_in_queue() -> bool:
    """Whether the order's `Callback` workflow sends it, which repeats without limit."""
    return activity.info().workflow_type == "Callback"


def _not_reached(error: Exception) -> ApplicationError:
    """Return the failure of a callback without an answer.

    A request that cannot be sent at all is not retried at once: its workflow leaves the
    event to the order's queue, which is listed as needing attention from its start, and
    continues once the setting is right.
    """
    if is_unsendable(error):
        return ApplicationError(
            f"this worker cannot make or send the callback: {name_of(error)}; check "
            "CASHIER_CALLBACK_URL and CASHIER_OUTGOING_PROXY",
            type="CALLBACK_UNSENDABLE",
            non_retryable=not _is_in_queue(),
        )
    return ApplicationError(
        f"the shop could not be reached: {name_of(error)}", type="SHOP_UNREACHABLE"
    )


def _may_follow(request: httpx.Request, following: httpx.Request) -> bool:
    """Whether a redirect leads to an http(s) URL, and not from https to http."""
    schemes = ("https",) if request.url.scheme == "https" else ("https", "http")
    return following.url.scheme in schemes and (following.url.port or 1) < 65536


def _refused(status: int, *, redirects: bool) -> ApplicationError:
    said = f"the shop answered HTTP {status}, not 2xx"
    if not httpx.codes.is_redirect(status):
        return ApplicationError(said, type="SHOP_REFUSED")
    why = (
        f"of redirects only {MOST_REDIRECTS} by HTTP 307 or 308 are followed, and none "
        "from https to http"
        if redirects
        else "redirects are followed only with CASHIER_CALLBACK_REDIRECTS=true"
    )
    return ApplicationError(f"{said}: {why}", type="SHOP_REDIRECTS")
