"""Tells the shop how a payment ended, signed as the Standard Webhooks want it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
from pydantic import BaseModel
from standardwebhooks.webhooks import Webhook
from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts import ShopAnswer, ShopEvent

# The specification recommends 15 to 30 s, but a shop only has to note it down.
PATIENCE_SECONDS = 8


class CallbackBody(BaseModel):
    """What is sent: the event's type and time, and the outcome as `data`."""

    type: str
    timestamp: datetime
    data: ShopEvent


class CallbackActivities:
    """The callbacks to one merchant's shop."""

    def __init__(
        self, http: httpx.AsyncClient, *, url: str | None, secrets: Sequence[str]
    ) -> None:
        """Take what the settings say.

        Args:
            http: Follows no redirects: a callback goes where the setting says.
            url: Where the shop is told; None where it does not want to be.
            secrets: The shop verifies with one of them; all sign while they change.
        """
        self._http = http
        self._url = url
        self._signers = [Webhook(secret) for secret in secrets]

    @activity.defn
    async def tell_shop(self, event: ShopEvent) -> ShopAnswer:
        """Tell the shop once; anything but a 2xx is an error, to be repeated."""
        if self._url is None or not self._signers:
            raise ApplicationError(
                "CASHIER_CALLBACK_URL or CASHIER_CALLBACK_SECRETS_FILE is not set, but "
                "this payment was begun with them",
                type="CALLBACKS_NOT_SET",
            )
        body = CallbackBody(type=event.type, timestamp=event.occurred_at, data=event)
        content = body.model_dump_json(exclude_none=True)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                status = await self._post(self._url, event.id, content)
        except (httpx.HTTPError, TimeoutError) as error:
            raise ApplicationError(
                f"the shop could not be reached: {type(error).__name__}",
                type="SHOP_UNREACHABLE",
            ) from None
        if not httpx.codes.is_success(status):
            raise ApplicationError(
                f"the shop answered HTTP {status}, not 2xx", type="SHOP_REFUSED"
            )
        return ShopAnswer(http_status=status)

    async def _post(self, url: str, event_id: str, content: str) -> int:
        """Return the status alone: a body may be endless, and nobody wants it."""
        async with self._http.stream(
            "POST",
            url,
            content=content,
            headers=self._headers(event_id, content),
            follow_redirects=False,
        ) as answer:
            return answer.status_code

    def _headers(self, event_id: str, content: str) -> dict[str, str]:
        now = datetime.now(UTC)
        signatures = [signer.sign(event_id, now, content) for signer in self._signers]
        return {
            "Content-Type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
