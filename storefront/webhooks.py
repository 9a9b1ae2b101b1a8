"""Hears from the payment API how payments end: signed callbacks (Standard Webhooks).

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import logging
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from storefront.payment_api.outcomes import KNOWN_TYPES, TEST_EVENT, Outcome
from storefront.shop import Shop

log = logging.getLogger(__name__)


class Callback(BaseModel):
    """A callback's body, as far as the shop reads it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    data: Outcome


class Envelope(BaseModel):
    """What each callback has by Standard Webhooks, whatever it tells."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str


class Webhooks:
    """The door for callbacks: nothing is believed before its signature is."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.router = APIRouter()
        self.router.post("/webhooks/cashier")(self.hear)

    async def hear(self, request: Request) -> Response:
        """Answer 204 once the callback is on the disk, and only then.

        Also where the order is not ours, or the type one that a newer API has: it is
        kept, and told to the log. Repeating it for days would not make it known, who
        repeats it cannot help, and the order's later callbacks would wait behind it.
        """
        body = await request.body()
        if not _is_signed(self._shop.settings.webhooks, body, request):
            log.warning("callback refused: its signature is not good")
            return Response(status_code=401)
        if (kind := _type_of(body)) == TEST_EVENT:
            log.info("test event was accepted")
            return Response(status_code=204)
        try:
            callback = Callback.model_validate_json(body)
        except ValidationError as error:
            if kind is not None and kind not in KNOWN_TYPES:
                log.warning(
                    "callback of a type that this shop does not know, in a shape that "
                    "it cannot keep, was accepted",
                    extra={"webhook_id": request.headers["webhook-id"]},
                )
                return Response(status_code=204)
            log.error("callback refused: %s fields are wrong", error.error_count())
            return Response(status_code=400)
        await self._shop.learning.hear(request.headers["webhook-id"], callback.data)
        return Response(status_code=204)


def _is_signed(webhooks: Sequence[Webhook], body: bytes, request: Request) -> bool:
    """Whether one of the secrets has signed it, within five minutes of now."""
    for webhook in webhooks:
        try:
            webhook.verify(body, dict(request.headers), json_parse=False)
        # ValueError: a body that is no text, a signature that is no Base64.
        except (WebhookVerificationError, ValueError):
            continue
        return True
    return False


def _type_of(body: bytes) -> str | None:
    """Return the event's type; None where the body is no event."""
    try:
        return Envelope.model_validate_json(body).type
    except ValidationError:
        return None
