"""Checks the notify URL: sends it a forged notification, as Alipay would send one.

It is signed with a key made for this one call. Our API, and no proxy, must reject it,
for its signature only. Alipay would get any other answer, too.
"""

import json
import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from alipay.keys.files import read_public_keys
from alipay.messages import Message
from alipay.signing import sign
from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.doctor.checks.running import Findings, in_own_thread
from cashier.temporal_calls import printable
from settings.shared import Settings
from settings.urls import NOTIFICATIONS_PATH

SUBJECT = "notify URL"
# Our API's message for a signature that is not Alipay's (alipay/signing.py).
REFUSED = "the signature does not match"
LARGEST_ANSWER = 10_000
# Texts in the answer's `detail`, with the fault and the remedy of each.
DETAILS = {
    "client-id": (
        "the API has another CASHIER_CLIENT_ID, or a proxy changes the header",
        "give API and workers the same CASHIER_CLIENT_ID; the proxy must forward all "
        "headers",
    ),
    "keyVersion": (
        "the API has other keys in CASHIER_ALIPAY_KEYS_DIR than are here",
        "give API and workers the same keys of Alipay",
    ),
    "header": (
        "a proxy removes Alipay's headers",
        "it must forward Signature, Request-Time and Client-Id (docs/proxy.md)",
    ),
}


async def check_notify_url(settings: Settings, http: httpx.AsyncClient) -> Findings:
    """Send a forged notification to the notify URL, and check that our API rejects it.

    Args:
        settings: The URL, the client id, and where Alipay's keys are.
        http: Reaches the Internet, and follows no redirects.
    """
    request = await in_own_thread(lambda: _forged(settings, http))
    try:
        answer = await http.send(request, stream=True)
        try:
            body = await _begin_of(answer)
        finally:
            await answer.aclose()
    except (httpx.HTTPError, OSError, ValueError) as error:
        yield _unreachable(settings.notify_url, error)
        return
    yield _judged(answer, body, settings.notify_url)


def _forged(settings: Settings, http: httpx.AsyncClient) -> httpx.Request:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    # Not readable as a payment of any order, in case it is accepted.
    body = json.dumps({"notifyType": "CASHIER_DOCTOR", "id": secrets.token_hex(8)})
    url = settings.notify_url
    time = datetime.now(UTC).isoformat(timespec="seconds")
    path = urlsplit(url).path
    message = Message("POST", path, settings.client_id, time, body.encode())
    signature = sign(message, key, key_version=_newest_version(settings))
    return http.build_request(
        "POST",
        url,
        content=message.body,
        headers={
            "Content-Type": "application/json; charset=UTF-8",
            "Client-Id": message.client_id,
            "Request-Time": message.time,
            "Signature": signature,
            "User-Agent": "cashier-doctor",
            # A few kilobytes of a compressed body may become gigabytes.
            "Accept-Encoding": "identity",
        },
    )


def _newest_version(settings: Settings) -> int:
    return max(map(int, read_public_keys(settings.alipay_keys_dir)))


async def _begin_of(answer: httpx.Response) -> bytes:
    body = b""
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > LARGEST_ANSWER:
            break
    return body[:LARGEST_ANSWER]


def _judged(answer: httpx.Response, body: bytes, url: str) -> Finding:
    status, detail = answer.status_code, _detail_of(body)
    if status == httpx.codes.UNAUTHORIZED and detail == REFUSED:
        host = urlsplit(url).hostname
        return ok(
            SUBJECT,
            "answer",
            f"our API answers at {host}, and rejects forged notifications",
        )
    if status == httpx.codes.UNAUTHORIZED and detail:
        for word, (why, todo) in DETAILS.items():
            if word in detail:
                return _wrong(f"{why} ({detail})", todo)
    return _wrong(*_not_ours(answer))


def _not_ours(answer: httpx.Response) -> tuple[str, str]:
    status = answer.status_code
    if answer.is_success:
        return (
            f"HTTP {status}: a forged notification is acknowledged; so Alipay's own "
            "would be acknowledged and lost",
            f"route CASHIER_NOTIFY_URL to `cashier api`: POST {NOTIFICATIONS_PATH}",
        )
    if answer.is_redirect:
        return (
            f"HTTP {status}: a redirect, which Alipay does not follow",
            "set CASHIER_NOTIFY_URL, and Alipay's dashboard, to the URL that is not "
            "redirected: right scheme, right host, no slash at the end",
        )
    if status in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
        return (
            f"HTTP {status}: the path of CASHIER_NOTIFY_URL does not lead to our API",
            f"the proxy must forward it to {NOTIFICATIONS_PATH} of `cashier api` "
            "(docs/proxy.md)",
        )
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return (
            f"HTTP {status}, not from our API: a proxy requires a login, or blocks "
            "callers",
            "the proxy must allow POST to the path of CASHIER_NOTIFY_URL without a "
            "login",
        )
    if answer.is_server_error:
        return (
            f"HTTP {status}: the proxy does not reach the API, or the API fails",
            "check whether `cashier api` runs and the proxy forwards to its port; "
            "read its log",
        )
    return (
        f"HTTP {status}, not from our API",
        "find out which server answers there instead of `cashier api` (docs/proxy.md)",
    )


def _unreachable(url: str, error: Exception) -> Finding:
    parts = urlsplit(url)
    said = type(error).__name__
    if "CERTIFICATE" in str(error).upper():
        return _wrong(
            f"the certificate of {parts.hostname} is not valid",
            "install a certificate of a public authority for this name: Alipay "
            "requires it",
        )
    return _wrong(
        f"{parts.hostname} cannot be reached from here ({said})",
        "check its name and port from outside; where only this network blocks "
        "outgoing calls, run the doctor in another network",
    )


def _detail_of(body: bytes) -> str:
    """Return the `detail` of our problem document; empty for another body."""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    is_ours = isinstance(document, dict) and document.get("code") == "SIGNATURE"
    return printable(str(document.get("detail", "")), longest=120) if is_ours else ""


def _wrong(why: str, todo: str) -> Finding:
    return wrong(SUBJECT, "answer", why, todo)
