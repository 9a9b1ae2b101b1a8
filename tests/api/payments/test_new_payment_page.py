"""What operators are shown of a payment from its start, and what they are not."""

from datetime import timedelta

from api.merchant_rules import MerchantRules
from api.payments.new_payment_page import facts_of
from contracts import Customer, Device, workflow_id
from tests.api.running import Shop
from tests.builders import a_page, an_order
from tests.fakes import FakeAlipay
from visibility import AMOUNT_MINOR, CURRENCY, EXPIRES_AT, ORDER_ID, WALLET

CANARY = "canary-of-the-customer"


async def test_a_payment_shows_its_money_wallet_and_order_in_words(
    shop: Shop,
) -> None:
    order_id = await shop.opens(FakeAlipay(pay=[a_page()]))
    handle = shop.client.get_workflow_handle(workflow_id(order_id))
    described = await handle.describe()
    attributes = described.typed_search_attributes
    summary = await described.static_summary()
    details = await described.static_details() or ""
    expires_at = attributes.get(EXPIRES_AT)
    assert summary == f"GCASH PHP 1,314.00, order {order_id}"
    assert "PHP 1,314.00 with GCash (`GCASH`)" in details
    assert f"cashier payments show {order_id}" in details
    assert "no worker runs" in details
    assert attributes.get(ORDER_ID) == order_id
    assert attributes.get(WALLET) == "GCASH"
    assert (attributes.get(CURRENCY), attributes.get(AMOUNT_MINOR)) == ("PHP", 131400)
    assert expires_at is not None
    assert expires_at - described.start_time < timedelta(minutes=14, seconds=5)


async def test_nothing_of_the_customer_is_shown(shop: Shop) -> None:
    body = shop.sells(FakeAlipay(pay=[a_page()]))
    body["customer"] = {
        "id": CANARY,
        "email": CANARY,
        "phone": "0917",
        "last_name": "X",
    }
    body["client"] = {"ip": CANARY, "device_id": CANARY}
    response = await shop.http.post("/payments", json=body)
    assert response.status_code == 201, response.text
    handle = shop.client.get_workflow_handle(workflow_id(body["order_id"]))
    described = await handle.describe()
    shown = [
        handle.id,
        str(described.typed_search_attributes),
        str(await described.static_summary()),
        str(await described.static_details()),
    ]
    assert not [text for text in shown if CANARY in text]


def test_links_lead_to_the_runbook_where_its_address_is_known() -> None:
    rules = MerchantRules(
        client_id="SANDBOX_1", runbook_url="https://docs.example/runbook"
    )
    order = rules.applied_to(
        an_order(customer=Customer(id=CANARY), client=Device(ip=CANARY))
    )
    details = facts_of(order, rules)
    assert "(https://docs.example/runbook#no-worker)" in details
    assert "(https://docs.example/runbook#workflow-task-fails)" in details
    assert CANARY not in details


def test_the_rule_of_the_second_person_is_by_currency() -> None:
    rules = MerchantRules(second_person_above={"PHP": 1000000, "*": 0})
    assert rules.most_for_one_person("PHP") == 1000000
    assert rules.most_for_one_person("KRW") == 0
    assert MerchantRules().most_for_one_person("PHP") is None
    assert rules.applied_to(an_order()).second_person_above == 1000000
