"""Checks callbacks: the shop must accept a test event, and refuse a forged one.

The event has a type that no shop acts on: a shop accepts unknown types and changes
nothing (docs/storefronts.md, *Callbacks*). It names no real order, and no money.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
from standardwebhooks.webhooks import Webhook

from activities.callbacks import KEEP_THE_CALL, MOST_REDIRECTS
from activities.shop.connections import PrivateAddressError, UnencryptedError
from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.doctor.checks.running import Findings, in_own_thread
from settings.worker import WorkerSettings

SUBJECT = "callbacks"
TEST_EVENT = "cashier.test"
RUNBOOK = "docs/runbook.md#callback-not-accepted"


async def check_callbacks(
    settings: WorkerSettings, http: httpx.AsyncClient
) -> Findings:
    """Send the shop a test event, and the same again with an invalid signature.

    Args:
        settings: The shop's URL, and the secrets that sign.
        http: Reaches the shop as the worker does.
    """
    if settings.callback_url is None:
        yield ok(
            SUBJECT, "test event", "CASHIER_CALLBACK_URL is not set: none are sent"
        )
        return
    signing = await in_own_thread(settings.callback_secrets)
    try:
        status = await _send(http, settings, signing)
    except (httpx.HTTPError, OSError, ValueError) as error:
        yield _unreachable(settings, error)
        return
    except (PrivateAddressError, UnencryptedError) as error:
        yield _forbidden(error)
        return
    yield _of_test_event(status)
    if httpx.codes.is_success(status):
        yield await _of_forgery(http, settings)


async def _send(
    http: httpx.AsyncClient, settings: WorkerSettings, signing: Sequence[str]
) -> int:
    """Send a test event; return the HTTP status of the answer."""
    now = datetime.now(UTC)
    name = f"cashier-doctor-{secrets.token_hex(8)}"
    moment = now.isoformat(timespec="seconds")
    # Fields of every event, for shops that read the order before the type.
    event = {"id": name, "order_id": name, "type": TEST_EVENT, "occurred_at": moment}
    body = json.dumps({"type": TEST_EVENT, "timestamp": moment, "data": event})
    signatures = [Webhook(secret).sign(name, now, body) for secret in signing]
    request = http.build_request(
        "POST",
        settings.callback_url or "",
        content=body,
        headers={
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        },
    )
    for _ in range(MOST_REDIRECTS + 1):
        # Only the head is read: a body may be endless, and is not needed.
        answer = await http.send(request, stream=True, follow_redirects=False)
        await answer.aclose()
        following = answer.next_request
        is_kept = settings.callback_redirects and answer.status_code in KEEP_THE_CALL
        if following is None or not is_kept:
            break
        request = following
    return answer.status_code


async def _of_forgery(http: httpx.AsyncClient, settings: WorkerSettings) -> Finding:
    fresh = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    try:
        status = await _send(http, settings, [fresh])
    except (httpx.HTTPError, OSError, ValueError) as error:
        return _unreachable(settings, error)
    if httpx.codes.is_success(status):
        return wrong(
            SUBJECT,
            "forged event",
            f"the shop accepts an event with a forged signature (HTTP {status}): "
            "anybody who knows its URL can report orders as paid",
            "the shop must verify `webhook-signature` first (docs/storefronts.md)",
        )
    return ok(SUBJECT, "forged event", f"the shop refuses it (HTTP {status})")


def _of_test_event(status: int) -> Finding:
    if httpx.codes.is_success(status):
        return ok(SUBJECT, "test event", f"the shop accepts it (HTTP {status})")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return _wrong(
            f"the shop rejects our signature (HTTP {status})",
            "give the shop a secret of CASHIER_CALLBACK_SECRETS_FILE; no proxy may "
            "change the body or require a login",
        )
    if httpx.codes.is_redirect(status):
        return _wrong(
            f"the shop redirects (HTTP {status})",
            "set CASHIER_CALLBACK_URL to the redirect's target; or "
            "CASHIER_CALLBACK_REDIRECTS=true, which follows only 307 and 308",
        )
    if status in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
        return _wrong(
            f"no endpoint for callbacks there (HTTP {status})",
            "CASHIER_CALLBACK_URL must be the URL of the shop's endpoint for callbacks",
        )
    return _wrong(
        f"the shop rejects an event of an unknown type (HTTP {status})",
        f"it must accept unknown types with 2xx and change nothing; {RUNBOOK}",
    )


def _unreachable(settings: WorkerSettings, error: Exception) -> Finding:
    # Without path, query and user, which may hold a secret.
    url = httpx.URL(settings.callback_url or "")
    at = f"{url.host}:{url.port}" if url.port else url.host
    return _wrong(
        f"{at} cannot be reached ({type(error).__name__})",
        "check whether the worker's machine can reach it: DNS, firewall, TLS "
        f"certificate, CASHIER_OUTGOING_PROXY; {RUNBOOK}",
    )


def _forbidden(error: Exception) -> Finding:
    if isinstance(error, PrivateAddressError):
        return _wrong(
            f"the shop's address is not public: {error}",
            "for a shop in your own network, set "
            "CASHIER_CALLBACK_PRIVATE_ADDRESSES=true",
        )
    return _wrong(
        f"{error} has a public address, but the URL begins with http://",
        "CASHIER_CALLBACK_URL must begin with https:// for a public address",
    )


def _wrong(why: str, todo: str) -> Finding:
    return wrong(SUBJECT, "test event", why, todo)
