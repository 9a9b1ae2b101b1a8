"""What the API refuses before anything happens, and in which words."""

import json
from typing import Any

import pytest

from tests.api.running import API_KEY, Shop
from tests.builders import a_page
from tests.fakes import FakeAlipay

SECRET = "Maria-Clara-0917"  # stands for anything personal that a caller may send


def with_field(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return the body with one field changed, at a path such as `amount.value`."""
    name, _, rest = path.partition(".")
    inner = body.get(name) if isinstance(body.get(name), dict) else {}
    return {**body, name: with_field(inner or {}, rest, value) if rest else value}


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("order_id", f"{SECRET} x", "pattern"),
        ("order_id", "", "pattern"),
        ("order_id", "a" * 61, "pattern"),
        ("order_id", "a\n", "pattern"),
        ("order_id", None, "string"),
        ("amount.value", SECRET, "integer"),
        ("amount.value", "131400", "integer"),
        ("amount.value", 1314.0, "integer"),
        ("amount.value", True, "integer"),
        ("amount.value", 0, "greater"),
        ("amount.value", -1, "greater"),
        ("amount.value", 10**16, "less"),
        ("amount.value", 10**40, "less"),
        ("amount.currency", SECRET, "pattern"),
        ("amount.currency", "php", "pattern"),
        ("amount.tip", SECRET, "Extra"),
        ("wallet", "", "at least 1"),
        ("wallet", SECRET * 9, "at most 64"),
        ("description", "", "at least 1"),
        ("description", SECRET * 99, "at most 256"),
        ("description", {"en": SECRET}, "string"),
        ("description", "\ud800", "unicode"),
        ("redirect_url", f"/return/{SECRET}", "absolute URL"),
        ("redirect_url", "https://", "absolute URL"),
        ("redirect_url", f"https://shop.example/{'x' * 2048}", "at most 2048"),
        ("redirect_url", "https://shop.example:65536/back", "Port out of range"),
        ("redirect_url", f"javascript:alert('{SECRET}')", "must not"),
        ("redirect_url", f"JavaScript://%0Aalert('{SECRET}')", "must not"),
        ("redirect_url", f" javascript:alert('{SECRET}')", "must not"),
        ("redirect_url", f"java\nscript:alert('{SECRET}')", "must not"),
        ("redirect_url", f"data:text/html,{SECRET}", "must not"),
        ("redirect_url", f"vbscript:{SECRET}", "must not"),
        ("redirect_url", f"file:///{SECRET}", "must not"),
        ("redirect_url", f"https://shop.example/{SECRET}\r\nX: y", "line feeds"),
        ("redirect_url", f"https://shop.example/{SECRET}\n", "line feeds"),
        ("redirect_url", f"https://shop.example/{SECRET}\x00", "control"),
        ("redirect_url", f"https://shop.example/\u202e{SECRET}", "control"),
        ("redirect_url", f"https://shop.example\\@{SECRET}.example/", "backslashes"),
        ("redirect_url", f"https://shop.example/a b?{SECRET}", "blanks"),
        ("redirect_url", f"https://shop.example/{SECRET}\u3000", "blanks"),
        ("redirect_url", f"https://shop.example/\t{SECRET}", "blanks"),
        ("redirect_url", f"blob:https://shop.example/{SECRET}", "must not"),
        ("redirect_url", f"About:{SECRET}", "must not"),
        ("redirect_url", f"view-source:https://shop.example/{SECRET}", "must not"),
        ("redirect_url", f"chrome://settings/{SECRET}", "must not"),
        ("redirect_url", f"intent://x/{SECRET}#Intent;end", "must not"),
        ("redirect_url", f"wss://shop.example/{SECRET}", "must not"),
        ("redirect_url", f"https://shop.example@{SECRET}.example/", "plain host"),
        ("redirect_url", f"https://shop..example/{SECRET}", "plain host"),
        ("redirect_url", f"https://.../{SECRET}", "plain host"),
        ("redirect_url", f"https://sh\u00e4p.example/{SECRET}", "plain host"),
        ("redirect_url", f"filesystem:https://shop.example/{SECRET}", "must not"),
        ("terminal.type", SECRET, "WAP"),
        ("terminal.os", SECRET, "IOS"),
        ("terminal", {"type": "WAP"}, "os is needed"),
        ("expires_in_minutes", 0, "greater"),
        ("expires_in_minutes", "5", "integer"),
        ("settlement_currency", SECRET, "pattern"),
        ("customer.phone", SECRET * 9, "at most 24"),
        ("customer.first_name", "\ud800", "unicode"),
        ("customer.card", SECRET, "Extra"),
        ("client.ip", SECRET * 9, "at most 64"),
        ("goods", [{"id": "1", "name": "x"}] * 101, "at most 100"),
        ("first_attempt", 7, "Extra"),
        ("carried", {}, "Extra"),
    ],
)
async def test_a_wrong_field_is_named_with_its_rule_and_not_with_its_value(
    field: str, value: object, rule: str, shop: Shop
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    body = with_field(shop.sells(alipay), field, value)
    # Not `json=`, which cannot spell half a character as callers can.
    response = await shop.http.post(
        "/payments",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "INVALID"
    [error] = [error for error in problem["errors"] if error["field"] == field]
    assert rule in error["rule"]
    assert SECRET not in response.text
    assert alipay.calls == []


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"wallet": "GCASHH"}, "wallet", "code"),
        ({"wallet": "gcash"}, "wallet", "capitals"),
        ({"amount": {"currency": "USD", "value": 1000}}, "amount.currency", "PHP"),
        ({"amount": {"currency": "XXX", "value": 1000}}, "amount.currency", "closed"),
        ({"expires_in_minutes": 10_000}, "expires_in_minutes", "14"),
    ],
)
async def test_a_rule_of_the_wallet_is_named_with_its_source(
    changes: dict[str, Any], field: str, rule: str, shop: Shop
) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    body = {**shop.sells(alipay), **changes}
    response = await shop.http.post("/payments", json=body)
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert error["field"] == field
    assert rule in error["rule"]
    assert error["source"].startswith("https://")
    assert alipay.calls == []


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 50_000, b'"GCASH"']
)
async def test_a_body_that_is_no_object_is_refused(content: bytes, shop: Shop) -> None:
    response = await shop.http.post(
        "/payments", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "url",
    ["https://shop.example/r?order=1#paid", "myshop://paid/1", "com.shop.app:/paid"],
)
async def test_a_page_or_the_shops_own_app_may_take_the_customer_back(
    url: str, shop: Shop
) -> None:
    body = {**shop.sells(FakeAlipay(pay=[a_page()])), "redirect_url": url}
    assert (await shop.http.post("/payments", json=body)).status_code == 201


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {API_KEY}x",
        f"Bearer {API_KEY[:-1]}",
        f"Bearer {API_KEY.upper()}",
        f"Basic {API_KEY}",
        API_KEY,
        "Bearer kulcs-\xe9",
    ],
)
async def test_without_the_key_nothing_happens(authorization: str, shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    body = shop.sells(alipay)
    headers = {b"Authorization": authorization.encode("latin-1")}
    path = f"/payments/{body['order_id']}"
    for response in (
        await shop.http.post("/payments", json=body, headers=headers),
        await shop.http.get(path, headers=headers),
        await shop.http.post(f"{path}/cancel", headers=headers),
    ):
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert API_KEY not in response.text
    assert alipay.calls == []
    assert (await shop.http.get(path)).status_code == 404


async def test_an_invalid_body_is_not_even_described_without_the_key(
    shop: Shop,
) -> None:
    response = await shop.http.post(
        "/payments", json={}, headers={"Authorization": "Bearer wrong"}
    )
    assert response.status_code == 401


async def test_an_unknown_order_is_a_404(shop: Shop) -> None:
    for response in (
        await shop.http.get("/payments/nobody-knows"),
        await shop.http.get("/payments/nobody-knows", params={"refresh": "1"}),
        await shop.http.post("/payments/nobody-knows/cancel"),
    ):
        assert response.status_code == 404
        assert response.json()["code"] == "UNKNOWN_ORDER"


async def test_an_impossible_order_id_or_an_unknown_path_is_a_problem_too(
    shop: Shop,
) -> None:
    for path, status in (("/payments/a%20b", 422), ("/payment", 404)):
        response = await shop.http.get(path)
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
