"""The examples of docs/storefronts.md, each run as it is printed there."""

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHandle

from cashier.doctor.checks.callbacks import check_callbacks
from cashier.doctor.checks.findings import State
from cashier.system.home import Home
from cashier.system.ports import free_port
from codec.keyring import Keyring, key_id_from, make_key
from codec.payload_codec import ENCODING, KEY_ID_FIELD, EncryptingCodec
from contracts import (
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    Money,
    Order,
    ShopEvent,
    late_payment_id,
    workflow_id,
)
from temporal_client import data_converter
from tests.builders import an_inquiry
from tests.cashier.doctor.checking import lines_of, worker_settings
from tests.examples.receiving import RECEIVERS, a_receiver
from tests.examples.running import (
    COMMANDS,
    EXAMPLES,
    TYPESCRIPT,
    PlayedApi,
    an_answer,
    run,
    running,
)
from tests.examples.showing import DOCUMENT
from tests.examples.storefront import (
    Storefront,
    an_order_id,
    attempt_of,
    page_of,
)
from tests.fakes import FakeAlipay
from tests.workflows.running import a_worker
from workflows.late_payment import LatePayment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

HTTP = ["curl", "python"]
CLIENTS = ["client", "typescript"]


# ---- the HTTP API ----


@pytest.mark.parametrize("way", HTTP)
async def test_a_payment_is_taken_over_http(shop: Storefront, way: str) -> None:
    order_id = an_order_id()
    opened = await shop.start(way, order_id)
    await shop.pay(opened["cashier"]["url"], fault="notification_lost")
    looked = await shop.run(way, "look", order_id)
    assert looked.json["outcome"] == "PAID"
    assert looked.json["amount"] == {"currency": "PHP", "value": 131400}


@pytest.mark.parametrize("way", HTTP)
async def test_a_payment_is_cancelled_over_http(shop: Storefront, way: str) -> None:
    order_id = an_order_id()
    await shop.start(way, order_id)
    cancelled = await shop.run(way, "cancel", order_id)
    assert cancelled.json["outcome"] == "CANCELLED"


@pytest.mark.parametrize("way", HTTP)
async def test_a_refusal_over_http_shows_its_code(shop: Storefront, way: str) -> None:
    order_id = an_order_id()
    await shop.opened(order_id, amount={"currency": "PHP", "value": 100})
    refused = await shop.run(way, "start", order_id)
    assert refused.code == 1
    assert refused.json["code"] == "ORDER_DIFFERS"


async def test_python_follows_a_payment_until_it_is_paid(shop: Storefront) -> None:
    order_id = an_order_id()
    opened = await shop.start("python", order_id)
    command = (*COMMANDS["python"], "follow", order_id)
    async with running(*command, environment=shop.settings) as following:
        assert following.stdout
        first = await following.stdout.readline()
        await shop.pay(opened["cashier"]["url"])
        rest = (await following.stdout.read()).decode().splitlines()
    assert first == b"AWAITING_CUSTOMER\n"
    assert rest[-2] == "PAID"
    assert json.loads(rest[-1])["outcome"] == "PAID"


async def test_curl_follows_a_payment(shop: Storefront) -> None:
    order_id = an_order_id()
    opened = await shop.start("curl", order_id)
    command = (*COMMANDS["curl"], "follow", order_id)
    async with running(*command, environment=shop.settings) as following:
        assert following.stdout
        await following.stdout.readuntil(b'"AWAITING_CUSTOMER"')
        await shop.pay(opened["cashier"]["url"])
        await following.stdout.readuntil(b'"outcome":"PAID"')


async def test_an_example_repeats_the_same_call_until_there_is_an_answer() -> None:
    # Side by side, because most of it is waiting.
    await asyncio.gather(*(_check_that_it_repeats(way) for way in HTTP))


async def _check_that_it_repeats(way: str) -> None:
    opened = {"order_id": "coffee-1", "cashier": {"url": "https://gcash.example/1"}}
    api = PlayedApi(
        [
            an_answer(503, {}, "Retry-After: 1"),
            b"",  # cut off
            an_answer(429, {}, "Retry-After: 0"),
            an_answer(202, {"cashier": None}, "Retry-After: 0"),
            an_answer(201, opened),
        ]
    )
    async with api.served() as url:
        settings = {"API_URL": url, "API_KEY": "the-key-of-a-test"}
        ran = await run(*COMMANDS[way], "start", "coffee-1", environment=settings)
    assert ran.json == opened
    assert len(api.asked) == 5
    assert len({json.dumps(json.loads(body)) for body in api.asked}) == 1


# ---- clients of Temporal ----


@pytest.mark.parametrize("way", CLIENTS, indirect=True)
async def test_a_client_starts_a_payment_that_can_be_paid(
    shop: Storefront, way: str
) -> None:
    order_id = an_order_id()
    started = await shop.start(way, order_id)
    while_open = await shop.run(way, "look", order_id)
    await shop.pay(page_of(started))
    outcome = await shop.until_ended(order_id)
    after_the_end = await shop.run(way, "look", order_id)
    again = await shop.start(way, order_id)
    assert page_of(while_open.json) == page_of(started)
    assert while_open.json["status"] == "AWAITING_CUSTOMER"
    assert outcome == after_the_end.json["outcome"] == again["outcome"] == "PAID"
    assert len(await shop.payments(order_id)) == 1


@pytest.mark.parametrize("way", CLIENTS, indirect=True)
async def test_a_payment_started_by_a_client_is_like_one_started_by_the_api(
    shop: Storefront, way: str
) -> None:
    by_client, by_api = an_order_id(), an_order_id()
    await shop.start(way, by_client)
    await shop.opened(by_api)
    theirs, ours = await _start_of(shop, by_client), await _start_of(shop, by_api)
    assert abs(theirs.pop("expires_at") - ours.pop("expires_at")) < timedelta(minutes=1)
    # A storefront has no key of Alipay's: the payment asks the worker for them.
    assert theirs["order"].pop("trust") is None
    assert ours["order"].pop("trust") is not None
    assert theirs == ours
    assert ours["order"]["late_money"] == "HONOUR"
    assert ours["order"]["second_person_above"] == 100000
    assert ours["order"]["tells_shop"]


async def _start_of(shop: Storefront, order_id: str) -> dict[str, Any]:
    """Return all that was decided at a payment's start, the order's id apart."""
    client = await shop.system.client()
    handle = client.get_workflow_handle(workflow_id(order_id))
    summary = await (await handle.describe()).static_summary() or ""
    history = await handle.fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    accepted = next(
        event.workflow_execution_update_accepted_event_attributes.accepted_request
        for event in history.events
        if event.HasField("workflow_execution_update_accepted_event_attributes")
    )
    converter = data_converter(shop.system.home.keyring)
    [order] = await converter.decode(started.input.payloads, [Order])
    [wish] = await converter.decode(accepted.input.args.payloads, [dict])
    listed = {
        name: (payload.metadata["type"], json.loads(payload.data))
        for name, payload in started.search_attributes.indexed_fields.items()
    }
    kind, expires_at = listed.pop("ExpiresAt")
    return {
        "workflow": started.workflow_type.name,
        "queue": started.task_queue.name,
        "order": order.model_dump() | {"order_id": "", "redirect_url": ""},
        "update": (accepted.input.name, accepted.meta.update_id[:5]),
        "wish": set(wish),
        "call_id": len(wish["call_id"]),
        "listed": listed | {"OrderId": listed["OrderId"][1] == order_id},
        "expires_at": datetime.fromisoformat(expires_at),
        "kind of expires_at": kind,
        "summary": summary.replace(order_id, ""),
    }


@pytest.mark.parametrize("way", CLIENTS, indirect=True)
async def test_a_client_goes_on_after_an_unpaid_end_and_between_wallets(
    shop: Storefront, way: str
) -> None:
    order_id = an_order_id()
    first = await shop.start(way, order_id)
    await shop.cancelled(order_id)
    second = await shop.start(way, order_id)
    other = await shop.start(way, order_id, "MAYA")
    back = await shop.start(way, order_id)
    pages = {page_of(one) for one in (first, second, other, back)}
    assert [attempt_of(one) for one in (first, second, other, back)] == [
        f"{order_id}_{number}" for number in (1, 2, 3, 4)
    ]
    assert len(pages) == 4


@pytest.mark.parametrize("way", CLIENTS, indirect=True)
async def test_a_client_is_refused_another_amount(shop: Storefront, way: str) -> None:
    order_id = an_order_id()
    await shop.opened(order_id, amount={"currency": "PHP", "value": 100})
    while_open = await shop.run(way, "start", order_id)
    await shop.cancelled(order_id)
    after_the_end = await shop.run(way, "start", order_id)
    assert [while_open.code, after_the_end.code] == [1, 1]
    assert "PHP" in while_open.json["refused"]
    assert "PHP 1.00" in after_the_end.json["refused"]
    assert len(await shop.payments(order_id)) == 1


@pytest.mark.parametrize("way", CLIENTS, indirect=True)
async def test_a_client_starts_nothing_anew_where_late_money_was_kept(
    shop: Storefront, way: str
) -> None:
    order_id = an_order_id()
    await shop.opened(order_id)
    await shop.cancelled(order_id)
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS")])
    async with a_worker(await shop.system.client(), alipay) as task_queue:
        late = await _late_money(shop, order_id, task_queue)
        kept = await late.result(rpc_timeout=timedelta(seconds=60))
    refused = await shop.run(way, "start", order_id)
    assert kept.outcome is LateOutcome.HONOURED
    assert refused.code == 1
    assert "paid late" in refused.json["refused"]
    assert len(await shop.payments(order_id)) == 1


@pytest.mark.parametrize("way", CLIENTS, indirect=True)
async def test_a_client_starts_nothing_anew_while_late_money_is_dealt_with(
    shop: Storefront, way: str
) -> None:
    order_id = an_order_id()
    await shop.opened(order_id)
    await shop.cancelled(order_id)
    await _late_money(shop, order_id, "a-queue-that-nobody-serves")
    refused = await shop.run(way, "start", order_id)
    assert refused.code == 1
    assert "being dealt with" in refused.json["refused"]
    assert len(await shop.payments(order_id)) == 1


async def _late_money(
    shop: Storefront, order_id: str, task_queue: str
) -> WorkflowHandle[LatePayment, LatePaymentView]:
    """Have late money dealt with; the real one takes a minute to come."""
    late = LatePaymentInput(
        order_id=order_id,
        payment_request_id=f"{order_id}_1",
        wallet="GCASH",
        amount=Money(currency="PHP", value=131400),
        policy=LateMoneyPolicy.HONOUR,
    )
    return await (await shop.system.client()).start_workflow(
        LatePayment.run,
        late,
        id=late_payment_id(late.payment_request_id),
        task_queue=task_queue,
    )


async def test_all_ways_lead_to_the_same_payment(
    shop: Storefront, typescript: None
) -> None:
    order_id = an_order_id()
    clicks = [shop.start(way, order_id) for way in COMMANDS]
    found = await asyncio.gather(*clicks)
    assert len({page_of(one) for one in found}) == 1
    assert len(await shop.payments(order_id)) == 1


# ---- callbacks ----

PAID = ShopEvent(
    id="coffee-1_2-paid",
    type="payment.paid",
    occurred_at=datetime(2026, 11, 24, 10, 20, 41, 500, tzinfo=UTC),
    order_id="coffee-1",
    payment_request_id="coffee-1_2",
    amount=Money(currency="PHP", value=131400),
    outcome="PAID",
)
EXPIRED_BEFORE = PAID.model_copy(
    update={
        "id": "coffee-1_1-expired",
        "type": "payment.expired",
        "occurred_at": PAID.occurred_at - timedelta(minutes=15),
        "outcome": "EXPIRED",
    }
)
REVIEW_BEFORE = PAID.model_copy(
    update={
        "id": "coffee-1_2-review",
        "type": "payment.review",
        "occurred_at": PAID.occurred_at - timedelta(minutes=5),
        "outcome": "REVIEW",
        "review": "coffee-1_2 was paid with PHP 1.00 instead of PHP 1,314.00",
    }
)
SECRET = "whsec_" + "QUJD" * 11


@pytest.mark.parametrize("way", RECEIVERS, indirect=True)
async def test_a_receiver_acts_once_and_knows_what_is_newest(
    way: str, tmp_path: Path
) -> None:
    async with a_receiver(way, tmp_path, port=free_port(), secret=SECRET) as shop:
        other = PAID.model_copy(update={"id": "tea-1_1-paid", "order_id": "tea-1"})
        sent = (PAID, PAID, EXPIRED_BEFORE, PAID, other)
        answers = [await shop.hears(event) for event in sent]
        news = [await shop.next_news() for _ in range(3)]
    assert answers == [204] * 5
    assert news == [
        ("coffee-1", "payment.paid"),
        ("coffee-1", "payment.paid"),
        ("tea-1", "payment.paid"),
    ]


@pytest.mark.parametrize("way", RECEIVERS, indirect=True)
async def test_a_receiver_waits_under_review_and_an_outcome_replaces_it(
    way: str, tmp_path: Path
) -> None:
    tea_paid = PAID.model_copy(update={"id": "tea-1_2-paid", "order_id": "tea-1"})
    tea_reviewed = REVIEW_BEFORE.model_copy(
        update={"id": "tea-1_2-review", "order_id": "tea-1"}
    )
    sent = (EXPIRED_BEFORE, REVIEW_BEFORE, REVIEW_BEFORE, PAID, tea_paid, tea_reviewed)
    async with a_receiver(way, tmp_path, port=free_port(), secret=SECRET) as shop:
        answers = [await shop.hears(event) for event in sent]
        news = [await shop.next_news() for _ in range(5)]
    assert answers == [204] * 6
    assert news == [
        ("coffee-1", "payment.expired"),
        ("coffee-1", "payment.review"),
        ("coffee-1", "payment.paid"),
        ("tea-1", "payment.paid"),
        ("tea-1", "payment.paid"),
    ]


@pytest.mark.parametrize("way", RECEIVERS, indirect=True)
async def test_a_receiver_lets_neither_late_money_nor_unknown_types_undo_a_payment(
    way: str, tmp_path: Path
) -> None:
    later = PAID.occurred_at + timedelta(minutes=30)
    second, unknown = (
        PAID.model_copy(
            update={"id": f"coffee-1_1-{kind}", "type": kind, "occurred_at": later}
        )
        for kind in ("late_payment.review", "payment.disputed")
    )
    tea = REVIEW_BEFORE.model_copy(update={"id": "tea", "order_id": "tea-1"})
    async with a_receiver(way, tmp_path, port=free_port(), secret=SECRET) as shop:
        answers = [await shop.hears(event) for event in (PAID, unknown, second, tea)]
        news = [await shop.next_news() for _ in range(3)]
    assert answers == [204] * 4
    assert news == [
        ("coffee-1", "payment.paid"),
        ("coffee-1", "payment.paid"),
        ("tea-1", "payment.review"),
    ]


@pytest.mark.parametrize("way", RECEIVERS, indirect=True)
async def test_a_receiver_gets_refunds_and_the_order_stays_paid(
    way: str, tmp_path: Path
) -> None:
    refunded, returned = (
        PAID.model_copy(update={"id": f"coffee-1_1-refund-{kind}", "type": kind})
        for kind in ("refund.succeeded", "refund.returned")
    )
    sent = (refunded, refunded, returned, PAID)
    async with a_receiver(way, tmp_path, port=free_port(), secret=SECRET) as shop:
        answers = [await shop.hears(event) for event in sent]
        news = [await shop.next_news() for _ in range(3)]
    assert answers == [204] * 4
    assert news == [
        ("coffee-1", "refund.succeeded"),
        ("coffee-1", "refund.returned"),
        ("coffee-1", "payment.paid"),
    ]


@pytest.mark.parametrize("way", RECEIVERS, indirect=True)
async def test_a_receiver_accepts_the_doctors_test_event(
    way: str, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    home.callback_secrets.write_text(SECRET)
    async with a_receiver(way, tmp_path, port=free_port(), secret=SECRET) as shop:
        settings = worker_settings(home, callback_url=shop.url)
        found = await lines_of(check_callbacks(settings, shop.http))
        assert await shop.hears(PAID) == 204
        assert await shop.next_news() == ("coffee-1", "payment.paid")
    assert {one.state for one in found.values()} == {State.OK}


@pytest.mark.parametrize("way", RECEIVERS, indirect=True)
async def test_a_receiver_believes_only_what_is_signed_and_new(
    way: str, tmp_path: Path
) -> None:
    async with a_receiver(way, tmp_path, port=free_port(), secret=SECRET) as shop:
        answers = [
            await shop.hears(PAID, secret="whsec_" + "REVG" * 11),
            await shop.hears(PAID, age=timedelta(minutes=6)),
            await shop.hears(PAID, webhook_id="coffee-1_3-paid"),
            await shop.hears(PAID, webhook_signature="nonsense"),
        ]
        honest = await shop.hears(EXPIRED_BEFORE)
        news = await shop.next_news()
    assert answers == [401, 401, 401, 401]
    assert honest == 204
    assert news == ("coffee-1", "payment.expired")


@pytest.mark.parametrize("file", ["http/callbacks.py", "typescript/callbacks.ts"])
def test_each_type_of_callback_is_in_the_examples_and_in_their_document(
    file: str,
) -> None:
    contracts = json.loads((EXAMPLES.parent / "docs/contracts.json").read_text())
    types = set(contracts["callbacks"]["types"])
    named = re.compile(r"[`\"]((?:(?:late_)?payment|refund)\.[a-z_]+)[`\"]")
    assert set(named.findall((EXAMPLES / file).read_text())) == types
    table = DOCUMENT.read_text().partition("| `type` |")[2].partition("\n\n")[0]
    rows = [row.partition("|")[0] for row in table.split("\n| ")]
    assert set(named.findall("".join(rows))) == types


async def test_a_shop_receives_the_callback_of_its_payment(shop: Storefront) -> None:
    order_id = an_order_id()
    opened = await shop.opened(order_id)
    await shop.pay(page_of(opened))
    assert await shop.receiver.news_of(order_id) == "payment.paid"


# ---- the codec ----

KEYS_FOLDER = Path(__file__).parent.parent / "histories" / "keys" / "payloads"
VECTORS = Path(__file__).parent / "payload-vectors.json"
PYTHON_CODEC = EncryptingCodec(Keyring.load(KEYS_FOLDER))


async def in_typescript(
    action: str, payloads: Sequence[Payload], *, folder: Path = KEYS_FOLDER
) -> list[Payload]:
    """Have the TypeScript codec encode or decode payloads."""
    script = Path(__file__).parent / "coding.mjs"
    codec = TYPESCRIPT / "dist" / "payload_codec.js"
    sent = json.dumps([json_format.MessageToDict(payload) for payload in payloads])
    ran = await run("node", script, codec, folder, action, sent=sent.encode())
    assert ran.code == 0, ran.err
    return [json_format.ParseDict(one, Payload()) for one in ran.json]


def some_payloads() -> list[Payload]:
    return [
        Payload(metadata={"encoding": b"json/plain"}, data='{"name": "Ñ 旅"}'.encode()),
        Payload(metadata={"encoding": b"binary/null"}),
        Payload(metadata={"encoding": b"json/plain", "type": b"Int"}, data=b"1" * 9000),
    ]


async def test_typescript_reads_what_python_wrote(typescript: None) -> None:
    written = await PYTHON_CODEC.encode(some_payloads())
    assert await in_typescript("decode", written) == some_payloads()


async def test_python_reads_what_typescript_wrote(typescript: None) -> None:
    written = await in_typescript("encode", some_payloads())
    assert {payload.metadata["encoding"] for payload in written} == {ENCODING}
    assert await PYTHON_CODEC.decode(written) == some_payloads()


async def test_both_read_what_either_has_written_before(typescript: None) -> None:
    vectors = json.loads(VECTORS.read_text())
    for writer in ("python", "typescript"):
        kept = [json_format.ParseDict(one, Payload()) for one in vectors[writer]]
        assert await PYTHON_CODEC.decode(kept) == some_payloads()
        assert await in_typescript("decode", kept) == some_payloads()


async def test_typescript_writes_with_the_newest_key_whose_time_has_come(
    typescript: None, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    for hours in (-48, -1, 1):
        make_key(tmp_path, begins=now + timedelta(hours=hours))
    [written] = await in_typescript("encode", some_payloads()[:1], folder=tmp_path)
    newest, _ = Keyring.load(tmp_path).newest()
    assert written.metadata[KEY_ID_FIELD] == newest.encode()
    assert newest == key_id_from(now - timedelta(hours=1))


async def test_typescript_notices_a_changed_payload(typescript: None) -> None:
    [written] = await PYTHON_CODEC.encode(some_payloads()[:1])
    changed = bytearray(written.data)
    changed[20] ^= 1
    written.data = bytes(changed)
    with pytest.raises(AssertionError, match="authenticate"):
        await in_typescript("decode", [written])
