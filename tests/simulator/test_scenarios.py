"""The scenario picker: all faults in plain words, and the two that save the waiting."""

from collections import Counter

import pytest

from simulator.faults.kinds import Fault
from simulator.faults.scenarios import GROUPS, SENTENCES, TOO_LATE
from tests.simulator.shop import Shop


async def page_of(shop: Shop, **changes: object) -> str:
    url: str = (await shop.pay(**changes))["normalUrl"]
    return url


def test_every_fault_stands_in_one_group_unless_it_is_too_late_for_it() -> None:
    told = Counter(fault for group in GROUPS for fault in group.sentences)
    assert told == Counter(set(Fault) - TOO_LATE.keys())


def test_no_two_faults_read_the_same() -> None:
    assert len(set(SENTENCES.values())) == len(Fault)


async def test_the_page_offers_every_fault_and_says_what_will_be_seen(
    shop: Shop,
) -> None:
    page = (await shop.http.get(await page_of(shop))).text
    for group in GROUPS:
        for text in (group.title, group.press, group.seen, *group.sentences.values()):
            assert text in page
        for fault in group.sentences:
            assert f'<input type="radio" name="fault" value="{fault}">' in page


@pytest.mark.parametrize("action", ["pay", "leave"])
async def test_a_customer_who_pays_too_late_need_not_be_waited_for(
    shop: Shop, action: str
) -> None:
    url = await page_of(shop)
    response = await shop.http.post(f"{url}/{action}", data={"fault": "paid_too_late"})
    assert response.status_code == 303
    await shop.settle()
    assert (await shop.status(), await shop.moved()) == ("FAIL", [])
    assert shop.summaries == ["PAYMENT_RESULT F"]
    assert "is about to pay all the same" in (await shop.http.get(url)).text
    await shop.wait(seconds=20)
    assert (await shop.status(), await shop.moved()) == ("SUCCESS", ["CHARGE 131400"])
    assert shop.summaries == ["PAYMENT_RESULT F", "PAYMENT_RESULT S"]
    assert await shop.injected("paid_too_late") == 1


async def test_too_late_may_be_planned_before_the_customer_comes(shop: Shop) -> None:
    await shop.pay()
    await shop.plan("paid_too_late")
    assert await shop.status() == "PROCESSING"
    await shop.customer("pay")
    assert await shop.status() == "FAIL"


async def test_too_late_changes_nothing_that_has_ended(shop: Shop) -> None:
    url = await page_of(shop)
    await shop.http.post(f"{url}/pay")
    refused = await shop.http.post(f"{url}/pay?fault=paid_too_late")
    assert refused.status_code == 409
    await shop.http.post(f"{url}/leave?fault=paid_too_late")
    await shop.wait(minutes=1)
    assert (await shop.status(), await shop.moved()) == ("SUCCESS", ["CHARGE 131400"])
    assert await shop.injected("paid_too_late") == 0


async def test_the_time_to_pay_can_be_ended_by_a_button(shop: Shop) -> None:
    url = await page_of(shop)
    response = await shop.http.post(f"{url}/expire")
    assert f"http://wallet.example{response.headers['location']}" == url
    await shop.settle()
    page = (await shop.http.get(url)).text
    assert "The time to pay is over" in page
    assert "Nothing was taken from you." in page
    assert await shop.status() == "FAIL"
    assert shop.summaries == ["PAYMENT_RESULT F"]
    await shop.wait(minutes=15)
    assert (await shop.moved(), len(shop.heard)) == ([], 1)


async def test_what_was_chosen_counts_when_the_button_ends_the_time(
    shop: Shop,
) -> None:
    url = await page_of(shop)
    await shop.http.post(f"{url}/expire", data={"fault": "pay_after_expiry"})
    await shop.wait(minutes=1)
    assert await shop.status() == "SUCCESS"


async def test_the_control_api_ends_the_time_as_well(shop: Shop) -> None:
    await shop.pay()
    path = "/control/payments/order-1_1/expire"
    assert (await shop.http.post(path)).json()["status"] == "FAIL"
    again = await shop.http.post(path)
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "The time to pay is over.",
    )


@pytest.mark.parametrize("end", ["expiry", "cancel"])
async def test_a_page_that_has_ended_offers_to_pay_all_the_same(
    shop: Shop, end: str
) -> None:
    url = await page_of(shop)
    if end == "cancel":
        await shop.cancel()
    else:
        await shop.http.post(f"{url}/expire")
    button = f'<button name="fault" value="pay_after_{end}">Pay all the same</button>'
    assert button in (await shop.http.get(url)).text
    await shop.http.post(f"{url}/pay", data={"fault": f"pay_after_{end}"})
    assert (await shop.moved())[0] == "CHARGE 131400"
    assert "Pay all the same" not in (await shop.http.get(url)).text
