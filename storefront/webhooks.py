"""Receives the payment API's signed callbacks (Standard Webhooks).

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
    """A callback's body, with the fields that the shop reads."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    data: Outcome


class Envelope(BaseModel):
    """The fields that every callback has by Standard Webhooks."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: str


class Webhooks:
    """The endpoint for callbacks, which verifies their signatures."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.router = APIRouter()
        self.router.post("/webhooks/cashier")(self.receive)

    async def receive(self, request: Request) -> Response:
        """Answer 204 as soon as the callback is on disk, and not before.

        Callbacks of an unknown order or type are stored and logged, and answered 204
        too: repeats would not help, and would block the order's later callbacks.
        """
        body = await request.body()
        if not _is_signed(self._shop.settings.webhooks, body, request):
            log.warning("callback rejected: invalid signature")
            return Response(status_code=401)
        if (kind := _type_of(body)) == TEST_EVENT:
            log.info("test event accepted")
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
            log.error("callback rejected: %s invalid fields", error.error_count())
            return Response(status_code=400)
        await self._shop.recorder.record_callback(
            request.headers["webhook-id"], callback.data
        )
        return Response(status_code=204)


def _is_signed(webhooks: Sequence[Webhook], body: bytes, request: Request) -> bool:
    """Whether it is signed with one of the secrets, at most five minutes ago."""
    for webhook in webhooks:
        try:
            webhook.verify(body, dict(request.headers), json_parse=False)
        # ValueError: a body that is not text, a signature that is not Base64.
        except (WebhookVerificationError, ValueError):
            continue
        return True
    return False


def _type_of(body: bytes) -> str | None:
    """Return the event's type; None if the body is not an event."""
    try:
        return Envelope.model_validate_json(body).type
    except ValidationError:
        return None
