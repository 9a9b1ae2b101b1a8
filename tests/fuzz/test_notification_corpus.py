"""Broken notifications: never a crash, never proof, and refused only if unreadable."""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.messages import Message
from alipay.notifications import ACKNOWLEDGEMENT
from alipay.signing import sign
from api.notifications.verification import LARGEST_BODY
from contracts import InquiryAnswer, InquiryCall
from tests.api.running import (
    API_KEY,
    CLIENT_ID,
    NOTIFICATIONS,
    SIGNED_PATH,
    Shop,
    alipays_time,
    paid_notification,
)
from tests.builders import a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.fuzz.corpus import (
    doubtful,
    incomplete,
    malformed,
    not_of_ours,
    odd,
    without_money,
)
from tests.fuzz.events import Events

Headers = dict[str, str]
MALFORMED = [name for name, _ in malformed("x")]


@dataclass(frozen=True)
class Known:
    """A payment that waits for its notification, and how long its history is."""

    shop: Shop
    order_id: str
    events: int

    async def is_untouched(self) -> bool:
        """Whether nothing was signalled, and the shop sees what it saw."""
        now = await Events.of(self.shop.client, self.order_id)
        seen = await self.shop.look(self.order_id)
        attempts = [one["payment_request_id"] for one in seen["attempts"]]
        return (
            len(now) == self.events
            and seen["status"] == "AWAITING_CUSTOMER"
            and attempts == [f"{self.order_id}_1"]
        )


async def a_known_payment(shop: Shop) -> Known:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    order_id = await shop.opens(alipay)
    return Known(shop, order_id, len(await Events.of(shop.client, order_id)))


@pytest.fixture(scope="module")
async def known(shop: Shop) -> Known:
    return await a_known_payment(shop)


def signed(shop: Shop, body: bytes) -> Headers:
    now = alipays_time()
    message = Message("POST", SIGNED_PATH, CLIENT_ID, now, body)
    return {
        "Signature": sign(message, shop.alipay_key),
        "Request-Time": now,
        "Client-Id": CLIENT_ID,
        "Content-Type": "application/json; charset=UTF-8",
    }


def assert_refused(response: httpx.Response, *statuses: int) -> None:
    """A short problem document of one of these statuses, without our secrets."""
    assert response.status_code in statuses, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    assert response.json() != ACKNOWLEDGEMENT
    assert len(response.content) < 2_000
    assert API_KEY not in response.text


# ---- what Alipay itself signed ----


@pytest.mark.parametrize("name", MALFORMED)
async def test_signed_nonsense_is_refused_and_signals_nothing(
    name: str, shop: Shop
) -> None:
    # Each has a payment of its own: what one breaks, the next does not show.
    known = await a_known_payment(shop)
    response = await shop.notified(dict(malformed(known.order_id))[name])
    assert_refused(response, 400)
    assert await known.is_untouched()


@pytest.mark.parametrize("name", [name for name, _ in not_of_ours("x")])
async def test_what_names_no_payment_of_ours_is_acknowledged_and_signals_nothing(
    name: str, shop: Shop
) -> None:
    known = await a_known_payment(shop)
    response = await shop.notified(dict(not_of_ours(known.order_id))[name])
    assert response.json() == ACKNOWLEDGEMENT
    assert await known.is_untouched()


@pytest.mark.parametrize("name", [name for name, _ in incomplete("x")])
async def test_a_success_that_lacks_proof_makes_the_payment_inquire(
    name: str, shop: Shop
) -> None:
    await assert_only_a_hint(shop, dict(incomplete("ORDER"))[name])


@pytest.mark.parametrize("name", [name for name, _ in without_money("x")])
async def test_a_success_without_money_is_acknowledged_and_pays_nothing(
    name: str, shop: Shop
) -> None:
    known = await a_known_payment(shop)
    response = await shop.notified(dict(without_money(known.order_id))[name])
    assert response.json() == ACKNOWLEDGEMENT
    assert (await shop.look(known.order_id))["outcome"] is None


@pytest.mark.parametrize("name", ["no money", "half a currency"])
async def test_a_success_without_money_makes_the_payment_inquire(
    name: str, shop: Shop
) -> None:
    await assert_only_a_hint(shop, dict(without_money("ORDER"))[name])


class AskedAlipay(FakeAlipay):
    """Knows no result, and tells when it was asked for one."""

    def __init__(self) -> None:
        super().__init__(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
        self.was_asked = asyncio.Event()

    async def inquire_payment(self, call: InquiryCall) -> InquiryAnswer:
        self.was_asked.set()
        return await super().inquire_payment(call)


async def assert_only_a_hint(shop: Shop, body: bytes) -> None:
    alipay = AskedAlipay()
    order_id = await shop.opens(alipay)
    response = await shop.notified(body.replace(b"ORDER", order_id.encode()))
    assert response.json() == ACKNOWLEDGEMENT
    async with asyncio.timeout(5):
        await alipay.was_asked.wait()
    seen = await shop.look(order_id)
    assert seen["status"] in ("AWAITING_CUSTOMER", "CHECKING")
    assert not any(one["is_paid"] for one in seen["attempts"])
    assert alipay.calls == ["pay", "inquire"]


async def test_an_attempt_of_5000_digits_does_not_stop_the_payment(shop: Shop) -> None:
    known = await a_known_payment(shop)
    body = paid_notification(known.order_id).replace(b'_1"', b"_" + b"1" * 5000 + b'"')
    response = await shop.notified(body)
    proper = await shop.notified(paid_notification(known.order_id))
    assert proper.json() == ACKNOWLEDGEMENT
    assert (await shop.look(known.order_id))["outcome"] == "PAID"
    # No id of ours, so it is kept as a notice.
    assert response.json() == ACKNOWLEDGEMENT


@pytest.mark.parametrize("name", [name for name, _ in odd("x")])
async def test_an_unusual_yet_sound_success_pays(name: str, shop: Shop) -> None:
    known = await a_known_payment(shop)
    response = await shop.notified(dict(odd(known.order_id))[name])
    assert response.json() == ACKNOWLEDGEMENT
    assert (await shop.look(known.order_id))["outcome"] == "PAID"


@pytest.mark.parametrize("name", [name for name, _ in doubtful("x")])
async def test_what_proves_no_success_pays_nothing(name: str, shop: Shop) -> None:
    known = await a_known_payment(shop)
    response = await shop.notified(dict(doubtful(known.order_id))[name])
    assert response.status_code < 500
    seen = await shop.look(known.order_id)
    assert seen["outcome"] is None
    assert not any(one["is_paid"] for one in seen["attempts"])


@pytest.mark.parametrize("size", [LARGEST_BODY + 1, 10 * LARGEST_BODY])
async def test_a_body_beyond_the_limit_is_refused_unread(
    size: int, known: Known
) -> None:
    body = paid_notification(known.order_id).ljust(size)
    assert_refused(await known.shop.notified(body), 413)
    assert await known.is_untouched()


# ---- what Alipay did not sign ----


async def test_unsigned_nonsense_is_refused_by_its_signature(known: Known) -> None:
    for name, body in [*malformed(known.order_id), *odd(known.order_id)]:
        response = await known.shop.http.post(NOTIFICATIONS, content=body)
        assert response.status_code == 401, name
        assert_refused(response, 401)
    assert await known.is_untouched()


async def test_nonsense_signed_by_somebody_else_is_refused_by_its_signature(
    known: Known, merchant_key: RSAPrivateKey
) -> None:
    stranger = Shop.__new__(Shop)
    stranger.alipay_key = merchant_key
    for name, body in [*malformed(known.order_id), *doubtful(known.order_id)]:
        response = await known.shop.http.post(
            NOTIFICATIONS, content=body, headers=signed(stranger, body)
        )
        assert response.status_code == 401, name
        assert_refused(response, 401)
    assert await known.is_untouched()


async def test_a_sound_body_is_not_believed_with_the_signature_of_nonsense(
    known: Known,
) -> None:
    sound = paid_notification(known.order_id)
    for name, body in malformed(known.order_id):
        response = await known.shop.notified(body, received=sound)
        assert response.status_code == 401, name
    assert await known.is_untouched()


# ---- the headers ----


def without(name: str) -> Callable[[Headers], Headers]:
    return lambda headers: {k: v for k, v in headers.items() if k != name}


def instead(name: str, value: str) -> Callable[[Headers], Headers]:
    return lambda headers: {**headers, name: value}


def resigned(change: Callable[[str], str]) -> Callable[[Headers], Headers]:
    return lambda headers: {**headers, "Signature": change(headers["Signature"])}


JUNK = base64.b64encode(b"\x00" * 256).decode()
HEADERS: Mapping[str, Callable[[Headers], Headers]] = {
    **{
        f"no {name}": without(name)
        for name in ("Signature", "Request-Time", "Client-Id")
    },
    "an empty Signature": instead("Signature", ""),
    "an empty Request-Time": instead("Request-Time", ""),
    "an empty Client-Id": instead("Client-Id", ""),
    "another Client-Id": instead("Client-Id", "5J0000000000000001"),
    "another case of the Client-Id": instead("Client-Id", CLIENT_ID.lower()),
    "another Request-Time": instead("Request-Time", "2026-11-24T10:02:42Z"),
    "a Request-Time that carries the body": instead("Request-Time", "x.{}"),
    "a signature of zeros": instead("Signature", f"keyVersion=1,signature={JUNK}"),
    "a signature of no Base64": instead("Signature", "keyVersion=1,signature=%%%"),
    "a signature of nothing": instead("Signature", "keyVersion=1,signature="),
    "a signature of 64 characters": instead("Signature", f"signature={'A' * 64}"),
    "a signature of 5 kB": instead("Signature", f"signature={'A' * 5000}"),
    "only commas": instead("Signature", "," * 50),
    "no algorithm at all": resigned(lambda it: it.replace("RSA256", "none")),
    "a shared secret": resigned(lambda it: it.replace("RSA256", "HMAC-SHA256")),
    "an old hash": resigned(lambda it: it.replace("RSA256", "RSA1")),
    "a key that we do not have": resigned(lambda it: it.replace("n=1", "n=99")),
    "a key by its path": resigned(lambda it: it.replace("n=1", "n=../merchant")),
    "a key of half a character": resigned(lambda it: it.replace("n=1", "n=%ud800")),
    "two signatures, the good first": resigned(lambda it: f"{it},signature={JUNK}"),
    "two signatures, the good last": resigned(lambda it: f"signature={JUNK},{it}"),
    "two signatures in a list": resigned(lambda it: f"keyVersion=1,signature=A, {it}"),
    "two key versions": resigned(lambda it: f"keyVersion=2,{it}"),
    "two algorithms": resigned(lambda it: f"algorithm=RSA512,{it}"),
    "a signature and a rest": resigned(lambda it: f"{it};x"),
    "a signature cut short": resigned(lambda it: it[:-12]),
}


@pytest.mark.parametrize("name", HEADERS)
async def test_a_sound_body_is_not_believed_with_broken_headers(
    name: str, known: Known
) -> None:
    body = paid_notification(known.order_id)
    headers = HEADERS[name](signed(known.shop, body))
    response = await known.shop.http.post(NOTIFICATIONS, content=body, headers=headers)
    assert_refused(response, 401)
    assert await known.is_untouched()


@pytest.mark.parametrize(
    "value", [b"\xff\xfe", b"\xed\xa0\x80", "\N{ARABIC-INDIC DIGIT ONE}".encode()]
)
@pytest.mark.parametrize("name", ["Signature", "Request-Time", "Client-Id"])
async def test_a_header_that_is_no_text_is_refused(
    name: str, value: bytes, known: Known
) -> None:
    body = paid_notification(known.order_id)
    headers = {
        key.encode(): text.encode() for key, text in signed(known.shop, body).items()
    }
    response = await known.shop.http.post(
        NOTIFICATIONS, content=body, headers={**headers, name.encode(): value}
    )
    assert_refused(response, 401)
    assert await known.is_untouched()


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
async def test_a_sound_notification_counts_by_post_only(
    method: str, known: Known
) -> None:
    body = paid_notification(known.order_id)
    response = await known.shop.http.request(
        method, NOTIFICATIONS, content=body, headers=signed(known.shop, body)
    )
    assert response.status_code == 405
    assert await known.is_untouched()


async def test_a_sound_notification_counts_at_its_own_address_only(
    known: Known,
) -> None:
    body = paid_notification(known.order_id)
    for path in (SIGNED_PATH, f"{NOTIFICATIONS}/x", f"/{NOTIFICATIONS}", "/"):
        response = await known.shop.http.post(
            path, content=body, headers=signed(known.shop, body)
        )
        assert response.status_code == 404, path
    assert await known.is_untouched()


async def test_no_two_of_the_corpus_have_one_name() -> None:
    for corpus in (
        malformed,
        not_of_ours,
        incomplete,
        without_money,
        odd,
        doubtful,
    ):
        names = [name for name, _ in corpus("x")]
        assert len(names) == len(set(names))
        sound = json.loads(paid_notification("x"))
        assert sound["paymentRequestId"] == "x_1"
