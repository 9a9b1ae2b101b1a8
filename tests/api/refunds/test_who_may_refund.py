"""Who may refund how much, and when a second person must agree."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from api.app import create_app
from api.callers.keys import ApiKey, Scope, new_key, read_keys, write_keys
from tests.api.refunds.refunding_shop import RefundingShop, php
from tests.api.refunds.test_disputed_payments import dispute, kept, listed
from tests.api.running import API_KEY, settings_in


class Desks:
    """The same API for several keys, where above PHP 50.00 two persons are needed."""

    def __init__(self, http: httpx.AsyncClient, file: Path) -> None:
        self.http = http
        self._file = file

    def gives(self, name: str, *scopes: Scope, **limits: int) -> str:
        key = new_key()
        kept = ApiKey.of(key, name=name, scopes=scopes, refund_limits=limits or None)
        write_keys(self._file, [*read_keys(self._file), kept])
        return key

    async def refunds(
        self, key: str, order_id: str, body: dict[str, Any], then: str = ""
    ) -> httpx.Response:
        path = f"/payments/{order_id}/refunds{then}"
        headers = {"Authorization": f"Bearer {key}"}
        return await self.http.post(path, json=body, headers=headers)


@pytest.fixture
async def desks(
    refunding: RefundingShop, alipay_key: RSAPrivateKey, tmp_path: Path
) -> AsyncIterator[Desks]:
    settings = settings_in(tmp_path, alipay_key).model_copy(
        update={"second_person_above": {"PHP": 5000}}
    )
    transport = httpx.ASGITransport(create_app(settings, refunding.shop.client))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.t") as http:
        yield Desks(http, settings.api_keys_file)


async def test_a_key_without_the_scope_refunds_nothing(
    desks: Desks, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    key = desks.gives("till", Scope.START, Scope.READ, Scope.CANCEL)
    answer = await desks.refunds(key, order_id, {"refund_id": "r-1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert refunding.ledgers.of(order_id).calls == {}


@pytest.mark.parametrize("amount", [php(2001), None])
async def test_a_key_refunds_no_more_at_a_time_than_its_limit(
    amount: dict[str, Any] | None, desks: Desks, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    key = desks.gives("till", Scope.REFUND, PHP=2000)
    answer = await desks.refunds(key, order_id, {"refund_id": "r-1", "amount": amount})
    assert (answer.status_code, answer.json()["code"]) == (403, "OVER_LIMIT")
    assert "PHP 20.00" in answer.json()["detail"]
    assert refunding.ledgers.of(order_id).calls == {}
    body = {"refund_id": "r-1", "amount": php(2000)}
    assert (await desks.refunds(key, order_id, body)).status_code == 201


async def test_a_key_with_a_limit_refunds_no_other_currency(
    desks: Desks, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    key = desks.gives("till", Scope.REFUND, KRW=10**9)
    body = {"refund_id": "r-1", "amount": php(100)}
    answer = await desks.refunds(key, order_id, body)
    assert (answer.status_code, answer.json()["code"]) == (403, "OVER_LIMIT")


async def test_a_refund_above_the_limit_of_one_person_waits_for_a_second_key(
    desks: Desks, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    maker = desks.gives("maria", Scope.REFUND)
    checker = desks.gives("jose", Scope.REFUND)
    small = desks.gives("till", Scope.REFUND, PHP=2000)
    asked = await desks.refunds(
        maker, order_id, {"refund_id": "r-1", "amount": php(6000)}
    )
    again = await desks.refunds(
        maker, order_id, {"refund_id": "r-1", "amount": php(6000)}
    )
    for answer in (asked, again):
        assert (answer.status_code, answer.json()["status"]) == (202, "CONFIRMING")
        assert answer.json()["waits_for"] == "a second person must confirm it"
        assert answer.headers["location"] == f"/payments/{order_id}/refunds/r-1"
    assert refunding.ledgers.of(order_id).calls == {}
    itself = await desks.refunds(maker, order_id, {}, "/r-1/confirm")
    too_small = await desks.refunds(small, order_id, {}, "/r-1/confirm")
    unknown = await desks.refunds(checker, order_id, {}, "/r-2/confirm")
    second = await desks.refunds(checker, order_id, {"reason": "seen"}, "/r-1/confirm")
    third = await desks.refunds(checker, order_id, {}, "/r-1/confirm")
    refused = [(one.status_code, one.json()["code"]) for one in (itself, too_small)]
    assert refused == [(409, "SECOND_PERSON_NEEDED"), (403, "OVER_LIMIT")]
    assert (unknown.status_code, unknown.json()["code"]) == (404, "UNKNOWN_REFUND")
    assert (second.status_code, second.json()["status"]) == (200, "SUCCEEDED")
    assert (third.status_code, third.json()["code"]) == (409, "NOT_OPEN")
    assert refunding.ledgers.of(order_id).total_back == 6000


async def test_a_dispute_that_was_opened_since_keeps_what_a_second_key_confirms(
    desks: Desks, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    maker = desks.gives("maria", Scope.REFUND)
    checker = desks.gives("jose", Scope.REFUND)
    await desks.refunds(maker, order_id, {"refund_id": "r-1", "amount": php(6000)})
    await kept(refunding, dispute(order_id, "DISPUTE_CREATED"))
    await listed(refunding, order_id, 1)
    answer = await desks.refunds(checker, order_id, {}, "/r-1/confirm")
    assert (answer.status_code, answer.json()["status"]) == (202, "REVIEW")
    assert f"D-{order_id}" in answer.json()["waits_for"]
    assert refunding.ledgers.of(order_id).calls == {}


async def test_whoever_asked_first_is_the_one_by_whom_it_is(
    desks: Desks, refunding: RefundingShop
) -> None:
    order_id = await refunding.paid()
    body = {"refund_id": "r-1", "amount": php(500)}
    first = await desks.refunds(desks.gives("maria", Scope.REFUND), order_id, body)
    other = await desks.refunds(API_KEY, order_id, body)
    assert [one.json()["by"] for one in (first, other)] == ["maria", "maria"]
    assert [one.status_code for one in (first, other)] == [201, 200]
