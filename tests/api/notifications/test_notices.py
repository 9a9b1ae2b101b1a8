"""Signed notices that no payment takes: acknowledged once Temporal keeps them."""

import asyncio
import logging

import pytest
from prometheus_client import REGISTRY
from temporalio.client import WorkflowHandle
from temporalio.common import TypedSearchAttributes

from alipay.notifications import ACKNOWLEDGEMENT
from contracts import RELEASE, NoticeInput, NoticeView, notice_id, workflow_id
from tests.api.running import CLIENT_ID, SIGNED_PATH, Shop, paid_notification
from tests.builders import a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.samples.reading import changed, sample
from visibility import ORDER_ID, PAYMENT_STATUS
from workflows.notice import AlipayNotice


def kept(shop: Shop, body: bytes) -> WorkflowHandle[AlipayNotice, NoticeView]:
    return shop.client.get_workflow_handle_for(AlipayNotice.run, notice_id(body))


async def input_of(shop: Shop, body: bytes) -> NoticeInput:
    history = await kept(shop, body).fetch_history()
    started = history.events[0].workflow_execution_started_event_attributes
    converter = shop.client.data_converter
    [read] = await converter.decode(started.input.payloads, [NoticeInput])
    assert isinstance(read, NoticeInput)
    return read


async def attributes_of(shop: Shop, body: bytes) -> TypedSearchAttributes:
    return (await kept(shop, body).describe()).typed_search_attributes


def counted(notify_type: str) -> float:
    labels = {"notify_type": notify_type}
    return REGISTRY.get_sample_value("cashier_notices_kept_total", labels) or 0


@pytest.mark.parametrize(
    ("name", "notify_type"),
    [("60", "REFUND_RESULT"), ("61", "REFUND_RESULT"), ("62", "DISPUTE_CREATED")],
)
async def test_a_notice_of_another_kind_is_kept_as_it_was_signed(
    name: str, notify_type: str, shop: Shop
) -> None:
    body, before = changed(sample(name), n="kept"), counted(notify_type.lower())
    response = await shop.notified(body)
    assert response.json() == ACKNOWLEDGEMENT
    assert await kept(shop, body).result() == NoticeView(notify_type=notify_type)
    notice = await input_of(shop, body)
    evidence = notice.evidence
    assert evidence.body.encode() == body
    assert (evidence.client_id, evidence.path) == (CLIENT_ID, SIGNED_PATH)
    assert evidence.signature.startswith("algorithm=RSA256")
    assert (notice.notify_type, notice.release) == (notify_type, RELEASE)
    assert counted(notify_type.lower()) == before + 1


async def test_a_notice_keeps_the_ids_that_it_names(shop: Shop) -> None:
    refund = await input_of(shop, await sent(shop, changed(sample("60"), n=1)))
    dispute = await input_of(shop, await sent(shop, changed(sample("62"), n=1)))
    assert refund.refund_request_id == "REFUND-1"
    assert refund.payment_request_id is None
    assert dispute.dispute_id == "202609010000000000000777"
    assert dispute.payment_id == "202611240000000001"
    assert dispute.payment_request_id == "ORDER-1001_1"
    assert dispute.order_id == "ORDER-1001"


async def sent(shop: Shop, body: bytes) -> bytes:
    assert (await shop.notified(body)).json() == ACKNOWLEDGEMENT
    return body


@pytest.mark.parametrize(
    "odd", [{"a": 1}, True, "", "x" * 65, "a`b", "a b", "a\nb", "D-\ud83d", "\u0661"]
)
async def test_an_unreadable_id_is_left_out_and_stands_in_the_evidence(
    odd: object, shop: Shop
) -> None:
    body = await sent(shop, changed(sample("62"), disputeId=odd, paymentId=odd))
    notice = await input_of(shop, body)
    assert (notice.dispute_id, notice.payment_id) == (None, None)
    assert notice.evidence.body.encode() == body


async def test_a_notice_costs_one_action_the_start(shop: Shop) -> None:
    body = await sent(shop, changed(sample("62"), n="cost"))
    await kept(shop, body).result()
    kinds = [
        event.WhichOneof("attributes") or ""
        for event in (await kept(shop, body).fetch_history()).events
    ]
    assert [kind.removesuffix("_event_attributes") for kind in kinds] == [
        "workflow_execution_started",
        "workflow_task_scheduled",
        "workflow_task_started",
        "workflow_task_completed",
        "workflow_execution_completed",
    ]


async def test_a_notice_is_listed_with_its_order_where_it_names_one(
    shop: Shop,
) -> None:
    dispute = await sent(shop, changed(sample("62"), paymentRequestId="listed_1"))
    refund = await sent(shop, changed(sample("60"), n="listed"))
    of_dispute = await attributes_of(shop, dispute)
    of_refund = await attributes_of(shop, refund)
    assert of_dispute.get(PAYMENT_STATUS) == of_refund.get(PAYMENT_STATUS) == "NOTICE"
    assert of_dispute.get(ORDER_ID) == "listed"
    assert of_refund.get(ORDER_ID) is None


async def test_an_operator_reads_in_words_what_it_is(shop: Shop) -> None:
    body = await sent(shop, changed(sample("62"), n="words"))
    described = await kept(shop, body).describe()
    summary, details = (
        await described.static_summary(),
        await described.static_details() or "",
    )
    assert summary == (
        "DISPUTE_CREATED: order ORDER-1001, dispute 202609010000000000000777, "
        "payment request ORDER-1001_1, payment 202611240000000001"
    )
    assert details.startswith("### Kept: `DISPUTE_CREATED`")
    assert "Alipay's portal" in details


async def test_a_notice_that_comes_again_is_acknowledged_and_kept_once(
    shop: Shop,
) -> None:
    body, before = changed(sample("60"), n="again"), counted("refund_result")
    other = Shop(shop.settings, shop.client, shop.alipay_key)
    async with other.http:  # another process of the API has not seen it
        for one in (shop, other, shop, other):
            await sent(one, body)
            await kept(shop, body).result()
    assert counted("refund_result") == before + 1


async def test_a_notice_that_comes_twice_at_once_is_kept_once(shop: Shop) -> None:
    body = changed(sample("60"), n="at once")
    await asyncio.gather(*(sent(shop, body) for _ in range(4)))
    assert (await kept(shop, body).result()).status == "KEPT"


@pytest.mark.parametrize(
    ("notify_type", "label"),
    [
        ("DEFENSE_DUE_ALERT", "defense_due_alert"),
        ("CAPTURE_RESULT", "capture_result"),
        ("INVENTED_NEXT_YEAR", "other"),
        ("x" * 1000, "other"),
        (None, "other"),
    ],
)
async def test_a_notice_is_counted_by_a_type_of_a_closed_set(
    notify_type: str | None, label: str, shop: Shop
) -> None:
    before = counted(label)
    await sent(shop, changed(sample("60"), notifyType=notify_type, n="counted"))
    assert counted(label) == before + 1
    assert counted(str(notify_type).lower()) == (before + 1) * (label != "other")


async def test_a_payment_of_another_system_is_kept_as_a_notice(shop: Shop) -> None:
    body = changed(paid_notification("x"), paymentRequestId="another-system-4711")
    notice = await input_of(shop, await sent(shop, body))
    assert notice.notify_type == "PAYMENT_RESULT"
    assert notice.payment_request_id == "another-system-4711"
    assert notice.order_id == ""


async def test_a_notice_does_not_touch_the_payment_that_it_names(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    order_id = await shop.opens(alipay)
    payment = shop.client.get_workflow_handle(workflow_id(order_id))
    before = (await payment.describe()).history_length
    body = changed(sample("62"), paymentRequestId=f"{order_id}_1")
    assert (await input_of(shop, await sent(shop, body))).order_id == order_id
    assert (await payment.describe()).history_length == before
    assert alipay.calls == ["pay"]


async def test_a_long_notice_is_kept_whole(shop: Shop) -> None:
    body = changed(sample("62"), disputeReasonMsg="long " * 10_000)
    notice = await input_of(shop, await sent(shop, body))
    assert notice.evidence.body.encode() == body
    assert notice.evidence.left_out == 0


async def test_an_unsigned_notice_is_refused_and_not_kept(shop: Shop) -> None:
    body = changed(sample("60"), n="unsigned")
    response = await shop.notified(sample("60"), received=body)
    assert response.status_code == 401
    ids = [
        one.id
        async for one in shop.client.list_workflows(f'WorkflowId = "{notice_id(body)}"')
    ]
    assert ids == []


async def test_the_log_names_the_notice_and_quotes_nothing_of_it(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    body = changed(sample("62"), disputeReasonMsg="the customer says", n="log")
    await sent(shop, body)
    [told] = [one for one in caplog.records if one.message == "notice kept"]
    assert vars(told)["workflow_id"] == notice_id(body)
    assert vars(told)["notify_type"] == "DISPUTE_CREATED"
    assert "the customer says" not in caplog.text
