"""Refunds in the back office: each form is one refund, whose end is told in words."""

import asyncio

import httpx
import pytest

from tests.storefront.callbacks import a_refund, tell
from tests.storefront.customer import Customer, a_paid_order, text_of
from tests.storefront.member import Member, hidden_in
from tests.storefront.played_api import PlayedApi, a_state
from tests.storefront.played_refunds import a_refusal, instead


@pytest.fixture
async def order_id(customer: Customer, api: PlayedApi) -> str:
    return await a_paid_order(customer, api)


async def test_half_a_coffee_is_refunded_and_its_customer_sees_it(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    answer = await member.refunds(
        order_id, "PHP 90.00", reason="It was cold", note="apologised"
    )
    assert answer.status_code == 303
    [body] = api.refunds.bodies
    assert body.pop("refund_id") in answer.headers["location"]
    assert body == {
        "amount": {"currency": "PHP", "value": 9000},
        "reason_for_customer": "It was cold",
        "note": "apologised",
        "remaining": {"currency": "PHP", "value": 18000},
    }
    told = await member.reads(order_id)
    for words in (
        "₱90.00 · Refunded.",
        "Requested by ana",
        "It was cold",
        "apologised",
        "Can still be refunded ₱90.00",
    ):
        assert words in told
    told = await member.customer.looks()
    assert "Refunded ₱90.00 of ₱180.00" in told
    assert "Reason: It was cold" in told
    assert "apologised" not in told


async def test_all_that_is_left_is_refunded_with_one_button(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    await member.refunds(order_id, "80")
    await member.refunds(order_id, "", which="all")
    assert [one["amount"]["value"] for one in api.refunds.of(order_id)] == [8000, 10000]
    told = await member.reads(order_id)
    assert "Nothing is left to refund" in told
    assert "Refunded in full" in await member.customer.looks()


async def test_pressing_twice_is_one_refund(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    form = await member.form_of(order_id)
    answers = await asyncio.gather(
        *(member.sends(order_id, form, amount="50.00") for _ in range(3))
    )
    assert {one.status_code for one in answers} == {303}
    assert len(api.refunds.bodies) == 3
    [refund] = api.refunds.of(order_id)
    assert refund["amount"]["value"] == 5000
    assert len((await member.customer.order()).refunds) == 1


async def test_each_new_form_is_another_refund(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    await member.refunds(order_id, "50")
    await member.refunds(order_id, "50")
    assert len(api.refunds.of(order_id)) == 2


async def test_a_form_that_was_sent_with_another_amount_refunds_nothing_more(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    form = await member.form_of(order_id)
    await member.sends(order_id, form, amount="50")
    answer = await member.sends(order_id, form, amount="60")
    assert answer.status_code == 409
    assert "was sent before, with another amount" in text_of(answer.text)
    assert [one["amount"]["value"] for one in api.refunds.of(order_id)] == [5000]
    # The page's form is a new one, so that sending it again refunds more.
    assert hidden_in(answer.text)["refund_id"] != form["refund_id"]
    [kept] = (await member.customer.order()).refunds
    assert (kept.value, kept.status) == (5000, "SUCCEEDED")


async def test_what_somebody_else_has_refunded_meanwhile_is_noticed(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    form = await member.form_of(order_id)
    await member.refunds(order_id, "50")
    answer = await member.sends(order_id, form, amount="50", reason="Cold")
    assert answer.status_code == 409
    assert "The amount left had changed" in text_of(answer.text)
    assert 'value="Cold"' in answer.text
    assert len(api.refunds.of(order_id)) == 1
    assert len((await member.customer.order()).refunds) == 1


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "much",
        "-5",
        "0",
        "0.00",
        "50.001",
        "1e2",
        "50,00",
        "5.0.0",
        "IDR 50",
        "9" * 30,
        "\N{ARABIC-INDIC DIGIT FIVE}",
    ],
)
async def test_an_amount_that_is_none_is_refused_before_anybody_is_asked(
    member: Member, order_id: str, api: PlayedApi, amount: str
) -> None:
    answer = await member.refunds(order_id, amount, reason="Cold")
    assert answer.status_code == 422
    assert "Please write the amount like this: ₱180.00" in text_of(answer.text)
    assert 'value="Cold"' in answer.text
    assert api.refunds.bodies == []
    assert (await member.customer.order()).refunds == ()


async def test_more_than_was_paid_is_refused_and_not_kept(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    answer = await member.refunds(order_id, "180.01")
    assert answer.status_code == 409
    assert "more than can still be refunded" in text_of(answer.text)
    assert (await member.customer.order()).refunds == ()


async def test_a_rule_that_is_broken_is_shown_with_its_field(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    rule = {"field": "amount", "rule": "BillEase refunds the whole amount only"}
    api.instead["POST /payments/"] = instead(a_refusal("INVALID", 422, errors=[rule]))
    answer = await member.refunds(order_id, "50")
    assert answer.status_code == 422
    told = text_of(answer.text)
    assert "This refund is not possible" in told
    assert "amount: BillEase refunds the whole amount only" in told


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("FORBIDDEN", 403, "may not make this refund"),
        ("OVER_LIMIT", 403, "more than the back office may refund at a time"),
        ("UNAUTHORIZED", 401, "does not accept the key of the back office"),
        ("UNDER_REVIEW", 409, "A person must decide about this payment first"),
        ("TOO_NEW", 409, "did not accept this (TOO_NEW)"),
    ],
)
async def test_the_reason_of_a_refusal_by_the_api_is_shown(
    member: Member, order_id: str, api: PlayedApi, code: str, status: int, words: str
) -> None:
    refusal = a_refusal(code, status, detail="at most PHP 10.00")
    api.instead["POST /payments/"] = instead(refusal)
    answer = await member.refunds(order_id, "50")
    assert answer.status_code == status
    assert words in text_of(answer.text)
    assert "at most PHP 10.00" in answer.text
    assert (await member.customer.order()).refunds == ()


async def test_what_alipay_refuses_stands_there_with_code_and_advice(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    api.refunds.becomes = "REFUSED"
    api.refunds.more = {
        "result_code": "REFUND_WINDOW_EXCEED",
        "result_message": "too late",
        "advice": "Give the money back in another way.",
    }
    answer = await member.refunds(order_id, "50")
    assert answer.status_code == 303
    told = await member.reads(order_id)
    for words in (
        "₱50.00 · Refused. Nothing was given back.",
        "REFUND_WINDOW_EXCEED",
        "Give the money back in another way.",
        "Can still be refunded ₱180.00",
    ):
        assert words in told
    assert "Paid. Thank you!" in await member.customer.looks()


@pytest.mark.parametrize(
    ("status", "words", "customer_reads"),
    [
        ("CONFIRMING", "Waits for a second person.", "Paid. Thank you!"),
        ("REVIEW", "A person must decide.", "Paid. Thank you!"),
        ("REQUESTED", "Is being sent.", "A refund is under way"),
        ("SENT", "Sent, and not answered yet.", "A refund is under way"),
        ("WAITING", "the balance at Alipay is too low", "A refund is under way"),
        ("IN_PROCESS", "Alipay has accepted it", "A refund is under way"),
        ("PONDERED", "that this shop does not know: PONDERED", "Paid. Thank you!"),
    ],
)
async def test_each_status_is_shown_in_words(
    member: Member,
    order_id: str,
    api: PlayedApi,
    status: str,
    words: str,
    customer_reads: str,
) -> None:
    api.refunds.becomes = status
    api.refunds.more = {"waits_for": "dispute 7 is open"}
    await member.refunds(order_id, "50")
    told = await member.reads(order_id)
    assert words in told
    # The API's own words, where the shop's say less.
    assert ("dispute 7 is open" in told) is (status in ("REVIEW", "PONDERED"))
    assert "Can still be refunded ₱130.00" in told
    assert customer_reads in await member.customer.looks()


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("late"),
        httpx.Response(503),
        httpx.Response(429),
        httpx.Response(200, json={"strange": True}),
    ],
    ids=["time-out", "503", "429", "strange"],
)
async def test_nobody_knows_what_became_of_a_call_without_an_answer(
    member: Member,
    order_id: str,
    api: PlayedApi,
    failure: httpx.Response | Exception,
) -> None:
    api.instead["POST /payments/"] = instead(failure)
    answer = await member.refunds(order_id, "50", reason="Cold", note="so sorry")
    assert answer.status_code == 303
    told = await member.reads(order_id)
    assert "it is unknown yet whether our cashier has received it" in told
    assert "Paid. Thank you!" in await member.customer.looks()
    del api.instead["POST /payments/"]
    [asked] = (await member.customer.order()).refunds
    path = f"/back-office/orders/{order_id}/refunds/{asked.refund_id}"
    assert f'action="{path}"' in await member.page_of(order_id)
    for _ in range(2):
        assert (await member.http.post(path)).status_code == 303
    [body] = api.refunds.bodies
    assert body == {
        "refund_id": asked.refund_id,
        "amount": {"currency": "PHP", "value": 5000},
        "reason_for_customer": "Cold",
        "note": "so sorry",
    }
    assert "₱50.00 · Refunded." in await member.reads(order_id)


async def test_what_cannot_be_asked_again_is_struck_out(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    api.instead["POST /payments/"] = instead(httpx.ReadTimeout("late"))
    await member.refunds(order_id, "100")
    [asked] = (await member.customer.order()).refunds
    del api.instead["POST /payments/"]
    api.refunds.elsewhere[order_id] = 9000
    answer = await member.http.post(
        f"/back-office/orders/{order_id}/refunds/{asked.refund_id}"
    )
    assert answer.status_code == 409
    assert "more than can still be refunded" in text_of(answer.text)
    assert (await member.customer.order()).refunds == ()


async def test_a_refund_is_called_as_the_form_calls_it(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    for strange in ("r1", "a/b", "x" * 65, "0123456789abcde\n"):
        form = {"refund_id": strange, "left": "18000"}
        assert (await member.sends(order_id, form, amount="50")).status_code == 422
    assert api.refunds.bodies == []


async def test_a_refund_that_took_effect_without_an_answer_is_seen_at_the_next_look(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    form = await member.form_of(order_id)
    payment = api.payments[order_id]

    def take_effect_and_hang_up(request: httpx.Request) -> httpx.Response:
        api.refunds.answer(request, payment)
        raise httpx.ReadTimeout("late")

    api.instead["POST /payments/"] = take_effect_and_hang_up
    await member.sends(order_id, form, amount="50")
    assert "₱50.00 · Refunded." in await member.reads(order_id)
    assert len(api.refunds.of(order_id)) == 1


async def test_a_payment_that_the_api_does_not_keep_any_more_is_refunded_by_its_id(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    payment = api.payments.pop(order_id)
    answers = [a_refusal("UNKNOWN_ORDER", 404)]

    def only_by_its_id(request: httpx.Request) -> httpx.Response:
        return answers.pop() if answers else api.refunds.answer(request, payment)

    api.instead["POST /payments/"] = only_by_its_id
    assert (await member.refunds(order_id, "50")).status_code == 303
    [body] = api.refunds.bodies
    assert body["payment_request_id"] == f"{order_id}_1"
    told = await member.reads(order_id)
    assert "₱50.00 · Refunded." in told
    assert "Can still be refunded ₱130.00" in told


async def test_while_the_api_is_away_the_page_says_so_and_shows_the_stored_data(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    await member.refunds(order_id, "50")
    api.instead["GET "] = instead(httpx.ConnectError("away"))
    told = await member.reads(order_id)
    assert "We cannot reach our cashier right now" in told
    assert "₱50.00 · Refunded." in told
    assert "Can still be refunded ₱130.00" in told
    # The customer's page knows it, too.
    assert "Refunded ₱50.00 of ₱180.00" in await member.customer.looks()


async def test_what_was_refunded_elsewhere_counts(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    api.refunds.elsewhere[order_id] = 3000
    told = await member.reads(order_id)
    assert "Refunded ₱30.00 Can still be refunded ₱150.00" in told
    assert "₱30.00 · Not by this shop, but in Alipay" in told
    assert "Refunded ₱30.00 of ₱180.00" in await member.customer.looks()


async def test_an_order_that_is_not_paid_has_no_form(
    member: Member, customer: Customer, api: PlayedApi
) -> None:
    await customer.buy()
    order_id = (await customer.order()).order_id
    page = await member.page_of(order_id)
    assert "This order is not paid" in text_of(page)
    assert 'name="amount"' not in page
    # Nor does a form of before help.
    form = {"refund_id": "0123456789abcdef", "left": "18000"}
    answer = await member.sends(order_id, form, amount="50")
    assert answer.status_code == 409
    assert "This order is not paid. Nothing was refunded." in text_of(answer.text)


async def test_an_order_that_is_not_ours_is_not_there(member: Member) -> None:
    for path in ("orders/coffee-none", "orders/" + "x" * 300):
        assert (await member.http.get(f"/back-office/{path}")).status_code == 404


async def test_all_orders_are_listed_with_their_state(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    await member.refunds(order_id, "50")
    await member.customer.buy()
    unpaid = (await member.customer.order()).order_id
    api.payments[unpaid] = a_state(unpaid)
    told = text_of((await member.http.get("/back-office")).text)
    assert told.index(unpaid) < told.index(order_id)
    assert "₱180.00 Not paid yet" in told
    assert "₱180.00 Paid ₱50.00" in told


async def test_a_long_list_goes_on_on_another_page(member: Member) -> None:
    numbers = []
    for _ in range(52):
        await member.customer.buy()
        numbers.append((await member.customer.order()).order_id)
    first = (await member.http.get("/back-office")).text
    assert first.count("/back-office/orders/") == 50
    assert f"/back-office?before={numbers[2]}" in first
    second = (await member.http.get(f"/back-office?before={numbers[2]}")).text
    assert second.count("/back-office/orders/") == 2
    assert "Older orders" not in second


async def test_refunds_that_operators_make_are_seen_in_the_back_office(
    member: Member, order_id: str, api: PlayedApi
) -> None:
    api.instead["GET /payments/"] = instead(httpx.ConnectError("away"))
    await tell(member.customer, a_refund(order_id, "succeeded", value=18000))
    told = await member.reads(order_id)
    assert "₱180.00 · Refunded." in told
    assert "Nothing is left to refund" in told
    assert "Refunded in full" in await member.customer.looks()


async def test_why_a_refund_failed_is_shown_with_its_code(
    member: Member, order_id: str
) -> None:
    event = a_refund(order_id, "failed", result_code="REFUND_WINDOW_EXCEED")
    await tell(member.customer, event)
    assert "REFUND_WINDOW_EXCEED" in await member.reads(order_id)


async def test_the_back_office_speaks_indonesian(member: Member, order_id: str) -> None:
    await member.http.post("/preferences", data={"language": "id"})
    await member.refunds(order_id, "50,00")
    told = await member.reads(order_id)
    assert "Sudah dikembalikan." in told
    assert "PHP50,00 dari PHP180,00 sudah dikembalikan" in await member.customer.looks()
