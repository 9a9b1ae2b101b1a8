"""Schemathesis calls the API with all that its OpenAPI page allows, and forbids."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from temporalio.client import Client

from api.app import create_app
from api.settings import ApiSettings
from temporal_client import DATA_CONVERTER
from tests.api.running import API_KEY, Shop, paid_notification, settings_in
from tests.builders import a_cancel, a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.fuzz.serving import served_api

# Requests drawn at random, by the hundred for each operation.
pytestmark = pytest.mark.slow

REFUND = "POST /payments/{order_id}/refunds"
OF_SHOPS = (
    "POST /payments",
    "GET /payments/{order_id}",
    "POST /payments/{order_id}/cancel",
    "GET /wallets",
    REFUND,
    "GET /payments/{order_id}/refunds",
    "GET /payments/{order_id}/refunds/{refund_id}",
    "POST /payments/{order_id}/refunds/{refund_id}/confirm",
)
OPERATIONS = (
    *OF_SHOPS,
    "POST /alipay/notifications/payment",
    "POST /alipay/notifications/refund",
    "POST /alipay/notifications/refund/{order_id}",
    "GET /health/live",
    "GET /health/ready",
)
# Its answers do not end; what it refuses is called in
# tests/api/streams/test_payment_events.py.
STREAM = "GET /payments/{order_id}/events"
# The others read nothing of what is sent with them, so nothing can be wrong in it.
WITH_INPUT = OF_SHOPS
# Answered whether Temporal is there or not.
WITHOUT_TEMPORAL = ("/health/live", "/wallets")

# What answers repeat by design, and what is too short to tell from coincidence.
REPEATED = {"order_id", "wallet", "currency", "type"}
SHORTEST_TELLTALE = 8

# Not all inputs may end at the door, or nothing is fuzzed.
EXPECTED = {
    "POST /payments": {201, 422},
    "GET /payments/{order_id}": {200, 404},
    "POST /payments/{order_id}/cancel": {200, 404},
    "GET /wallets": {200, 422},
    REFUND: {201, 404, 409},
    "GET /payments/{order_id}/refunds": {200, 404},
    "GET /payments/{order_id}/refunds/{refund_id}": {404},
    "POST /payments/{order_id}/refunds/{refund_id}/confirm": {404},
    "POST /alipay/notifications/payment": {401},
    "POST /alipay/notifications/refund": {401},
    "POST /alipay/notifications/refund/{order_id}": {401},
    "GET /health/live": {200},
    "GET /health/ready": {200},
}

AnyCase = Case[Any]
Examine = Callable[[AnyCase, Response], None]


class Api:
    """Our API on a socket, and its OpenAPI page as schemathesis reads it."""

    def __init__(self, shop: Shop, settings: ApiSettings, port: int) -> None:
        self.shop = shop
        self.url = f"http://127.0.0.1:{port}"
        page = create_app(settings, shop.client).openapi()
        self.schema = schemathesis.openapi.from_dict(page)
        self.operations: dict[str, APIOperation[Any, Any, Any, Any]] = {
            found.ok().label: found.ok()
            for found in self.schema.get_all_operations()
            if isinstance(found, Ok)
        }
        self.open_order = self.paid_order = "nobody-knows"

    async def begins(self) -> None:
        """Have an order that waits for its customer, and one that is paid."""
        self.open_order = await self.shop.opens(an_alipay())
        self.paid_order = await self.shop.opens(an_alipay())
        await self.shop.notified(paid_notification(self.paid_order))
        assert (await self.shop.look(self.paid_order))["outcome"] == "PAID"

    async def fuzzed(
        self,
        label: str,
        examine: Examine,
        *,
        mode: GenerationMode = GenerationMode.POSITIVE,
        key: str | None = API_KEY,
        examples: int = 50,
    ) -> Counter[int]:
        """Call one operation with many inputs; return how often which status came."""
        seen: Counter[int] = Counter()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        cases = self.operations[label].as_strategy(generation_mode=mode)

        @hypothesis.settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(cases, st.integers(0, 3))
        def call(case: AnyCase, choice: int) -> None:
            if mode is GenerationMode.POSITIVE:
                self._make_meaningful(case, choice)
            if isinstance(case.body, dict) and "order_id" in case.body:
                self.shop.alipays.set(str(case.body["order_id"]), an_alipay())
            response = case.call(base_url=self.url, headers=headers, session=session)
            seen[response.status_code] += 1
            examine(case, response)

        with requests.Session() as session:
            # In a thread, for the API and its worker live in this one.
            await asyncio.to_thread(call)
        return seen

    def _make_meaningful(self, case: AnyCase, choice: int) -> None:
        """Let half of the calls be about what the API's rules allow, or knows."""
        is_refund = case.path.endswith("/refunds")
        if is_refund and isinstance(case.body, dict) and choice > 1:
            case.body["amount"] = {"currency": "PHP", "value": 100}
            for name in ("remaining", "payment_request_id"):
                case.body.pop(name, None)
        elif "/refunds" not in case.path and isinstance(case.body, dict) and choice > 1:
            case.body |= {
                "amount": {"currency": "PHP", "value": 131400},
                "wallet": "GCASH",
                "redirect_url": "https://shop.example/return",
                "terminal": {"type": "WEB"},
            }
            case.body.pop("expires_in_minutes", None)
        if "order_id" in case.path_parameters and choice == 2:
            case.path_parameters["order_id"] = self.paid_order
        elif "order_id" in case.path_parameters and choice == 3:
            case.path_parameters["order_id"] = self.open_order
            # An open payment inquires at most every five seconds.
            case.query.pop("refresh", None)


def an_alipay() -> FakeAlipay:
    return FakeAlipay(
        pay=[a_page()], inquiries=[an_inquiry("CANCELLED")], cancels=[a_cancel()]
    )


@pytest.fixture(scope="module")
async def api(
    shop: Shop,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Api]:
    folder = tmp_path_factory.mktemp("served")
    settings = settings_in(folder, shop.alipay_key)
    async with served_api(settings, shop.client) as port:
        api = Api(shop, settings, port)
        await api.begins()
        yield api


@pytest.fixture(scope="module")
async def cut_off(
    shop: Shop,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Api]:
    """An API whose Temporal refuses every connection."""
    client = await Client.connect(
        "127.0.0.1:1", lazy=True, data_converter=DATA_CONVERTER
    )
    folder = tmp_path_factory.mktemp("cut-off")
    settings = settings_in(folder, shop.alipay_key)
    async with served_api(settings, client) as port:
        yield Api(shop, settings, port)


def telltales(sent: object) -> Iterator[str]:
    """Yield the texts in a body that no answer has a reason to repeat."""
    match sent:
        case dict():
            for name, value in sent.items():
                if name not in REPEATED:
                    yield from telltales(value)
        case list():
            for value in sent:
                yield from telltales(value)
        case str() if len(sent) >= SHORTEST_TELLTALE:
            yield sent


# What pydantic takes for a boolean in a query.
READ_AS_BOOLEAN = {*"01tfyn", "true", "false", "yes", "no", "on", "off"}


def must_be_fit(case: AnyCase, response: Response) -> None:
    """A documented answer, or a problem document that repeats nothing of the call."""
    assert API_KEY not in response.text
    assert API_KEY not in str(response.headers)
    if response.status_code < 400:
        case.validate_response(
            response,
            checks=[
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
            ],
        )
        return
    assert response.status_code < 500 or response.status_code == 503, response.text
    assert response.headers["content-type"] == ["application/problem+json"]
    problem = json.loads(response.text)
    assert problem["status"] == response.status_code
    assert problem["code"].replace("_", "").isalpha()
    assert problem["detail"]
    for text in telltales(case.body):
        assert text not in problem["detail"]
        assert json.dumps(text, ensure_ascii=False)[1:-1] not in response.text


def must_be_refused(case: AnyCase, response: Response) -> None:
    must_be_fit(case, response)
    assert 400 <= response.status_code < 500 or is_spelt_differently(case)


def is_spelt_differently(case: AnyCase) -> bool:
    """Whether a look is sound after all: `refresh=1` is no JSON boolean, yet meant.

    Schemathesis also counts query fields and headers as wrong that nobody reads, and an
    earlier example may have made the order that this one asks for.
    """
    refresh = str((case.query or {}).get("refresh", "0")).lower()
    return case.method.upper() == "GET" and refresh in READ_AS_BOOLEAN


def must_be_a_stranger(case: AnyCase, response: Response) -> None:
    must_be_fit(case, response)
    # What is no text, or no JSON, is refused before anybody looks who sent it.
    assert response.status_code in (400, 401, 422)
    if response.status_code == 400:
        assert "error parsing the body" in json.loads(response.text)["detail"]
    if response.status_code == 422:
        assert json.loads(response.text)["detail"].endswith("JSON decode error")


def must_be_unavailable(case: AnyCase, response: Response) -> None:
    must_be_fit(case, response)
    assert response.status_code in (401, 422, 503) or case.path in WITHOUT_TEMPORAL
    if response.status_code == 503:
        assert json.loads(response.text)["retry_is_safe"] is True
        assert response.headers["retry-after"] == ["2"]


async def test_every_operation_of_the_page_is_called_here(api: Api) -> None:
    assert set(api.operations) == {*OPERATIONS, STREAM}


@pytest.mark.parametrize("label", OPERATIONS)
async def test_what_the_page_allows_gets_a_documented_answer(
    label: str, api: Api
) -> None:
    seen = await api.fuzzed(label, must_be_fit)
    assert set(seen) >= EXPECTED[label], seen


@pytest.mark.parametrize("label", WITH_INPUT)
async def test_what_the_page_forbids_is_refused(label: str, api: Api) -> None:
    seen = await api.fuzzed(label, must_be_refused, mode=GenerationMode.NEGATIVE)
    assert seen.total() > 0


@pytest.mark.parametrize("key", [None, "wrong", API_KEY[:-1]])
@pytest.mark.parametrize("label", OF_SHOPS)
async def test_without_the_key_every_input_is_a_strangers(
    label: str, key: str | None, api: Api
) -> None:
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        await api.fuzzed(label, must_be_a_stranger, mode=mode, key=key, examples=10)


@pytest.mark.parametrize("label", OPERATIONS)
async def test_without_temporal_every_input_is_refused_or_unavailable(
    label: str, cut_off: Api
) -> None:
    await cut_off.fuzzed(label, must_be_unavailable, examples=10)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY", "X"])
async def test_a_method_that_the_page_does_not_name_is_a_problem_too(
    method: str, api: Api
) -> None:
    for label in OPERATIONS:
        path = label.split()[1].format(order_id=api.open_order, refund_id="r-1")
        response = await api.shop.http.request(method, path)
        assert response.status_code == 405, path
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["allow"]


@pytest.mark.parametrize(
    "name", ["half a character", "an order's worth", "a prototype"]
)
async def test_a_field_with_a_strange_name_is_refused(name: str, api: Api) -> None:
    names = {
        "half a character": '"\\ud800"',
        "an order's worth": json.dumps("Maria " * 10_000),
        "a prototype": '"__proto__"',
    }
    body = f'{{{names[name]}: 1, "customer": {{{names[name]}: 1}}}}'
    response = await api.shop.http.post(
        "/payments", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    # The name of a field is the caller's text as well, of any length.
    assert len(response.content) < 4_000
