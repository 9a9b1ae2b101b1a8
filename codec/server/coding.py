"""`POST /codec/decode` and `/codec/encode`: endpoints for the Temporal UI and CLI."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from google.protobuf import json_format
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from temporalio.api.common.v1 import Payload, Payloads

from codec.keyring import KeyringError
from codec.payload_codec import EncryptingCodec, UnreadablePayloadError
from codec.server.access import Access, RefusedError
from codec.server.bodies import read_body
from codec.server.settings import CodecSettings

logger = logging.getLogger(__name__)

# Temporal's largest message has 4 MB, which Base64 makes a third larger.
LARGEST_BODY = 16 * 1024 * 1024
# The headers that the UI sends; a browser asks for them in the preflight.
HEADERS = ["Content-Type", "X-Namespace", "Authorization", "Authorization-Extras"]
PREFLIGHT_SECONDS = 600

Coding = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


class CodingApi:
    """Both calls, for pages of the UI's origins only."""

    def __init__(self, settings: CodecSettings, access: Access) -> None:
        codec = EncryptingCodec(settings.keyring)
        self._access = access
        self._codings: dict[str, Coding] = {
            "encode": codec.encode,
            "decode": codec.decode,
        }
        self.app = FastAPI(openapi_url=None, redirect_slashes=False)
        self.app.post("/encode")(self.encode)
        self.app.post("/decode")(self.decode)
        self.app.exception_handler(RefusedError)(_refused)
        self.app.exception_handler(ClientDisconnect)(_cut_short)
        self.app.add_middleware(
            UiOrigins,
            allow_origins=settings.pages_of_ui,
            allow_methods=["POST"],
            allow_headers=HEADERS,
            allow_credentials=True,
            # The UI may be on the internet, and this server in the operators' network.
            allow_private_network=True,
            max_age=PREFLIGHT_SECONDS,
        )

    async def encode(self, request: Request) -> Response:
        """Encrypt the payloads that an operator sends from the UI."""
        return await self._code("encode", request)

    async def decode(self, request: Request) -> Response:
        """Decrypt the payloads that the UI shows."""
        return await self._code("decode", request)

    async def _code(self, what: str, request: Request) -> Response:
        self._access.check_origin(request, of_ui=True)
        # Before the body: without a login nobody can make us read 16 MB.
        reader = await self._access.reader(request)
        payloads = _payloads_of(await read_body(request, LARGEST_BODY))
        try:
            coded = await self._codings[what](payloads)
        except (KeyringError, UnreadablePayloadError) as error:
            logger.warning("%s failed: %s", what, error, extra={"reader": reader})
            raise RefusedError(422, str(error)) from None
        logger.info(
            "payloads %sd", what, extra={"reader": reader, "payloads": len(payloads)}
        )
        return Response(
            json_format.MessageToJson(Payloads(payloads=coded), indent=None),
            media_type="application/json",
            headers={"Cache-Control": "no-store"},
        )


class UiOrigins(CORSMiddleware):
    """CORS: lists the allowed pages; the answer to other pages allows nothing."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if not self.is_allowed_origin(origin=request_headers["origin"]):
            with suppress(KeyError):
                del response.headers["Access-Control-Allow-Private-Network"]
        return response


async def _refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, RefusedError):
        raise error
    return error.answer()


async def _cut_short(_: Request, __: Exception) -> Response:
    # The caller disconnected, or took too long: this answer appears only in the log.
    return Response(status_code=400)


def _payloads_of(body: bytes) -> Sequence[Payload]:
    try:
        return json_format.Parse(body, Payloads(), ignore_unknown_fields=True).payloads
    except (json_format.ParseError, ValueError, RecursionError):
        # The library's message would quote the body.
        raise RefusedError(
            400,
            'the body must be {"payloads": [...]}, each with metadata and data in '
            "Base64 (protobuf's JSON)",
        ) from None
