"""What the API spends on refunds besides the owner's own actions: hardly a query."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
)

from tests.api.refunds.refunding_shop import RefundingShop
from tests.api.running import Shop


class Queries(Interceptor):
    """Counts the queries of a client; each is a billable action."""

    def __init__(self) -> None:
        self.count = 0

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        queries = self

        class Counting(OutboundInterceptor):
            async def query_workflow(self, input: QueryWorkflowInput) -> Any:  # noqa: A002 - the SDK's
                queries.count += 1
                return await super().query_workflow(input)

        return Counting(next)


@pytest.fixture
async def counted(
    refunding: RefundingShop,
) -> AsyncIterator[tuple[RefundingShop, Queries]]:
    queries = Queries()
    shop = refunding.shop
    config: Any = shop.client.config()
    client = Client(**{**config, "interceptors": [queries]})
    other = Shop(shop.settings, client, shop.alipay_key)
    other.alipays = shop.alipays
    async with other.http:
        yield RefundingShop(other, refunding.ledgers), queries


async def test_a_first_refund_and_its_repeats_cost_no_query(
    counted: tuple[RefundingShop, Queries],
) -> None:
    refunding, queries = counted
    order_id = await refunding.paid()
    before = queries.count
    assert (await refunding.refunds(order_id, "r-1")).status_code == 201
    await refunding.shop.client.get_workflow_handle(f"refunds:{order_id}").result()
    assert (await refunding.refunds(order_id, "r-1")).status_code == 200
    await refunding.look(order_id, "r-1")
    assert queries.count == before


async def test_looks_at_refunds_that_do_not_change_cost_one_query(
    counted: tuple[RefundingShop, Queries],
) -> None:
    refunding, queries = counted
    order_id = await refunding.paid()
    assert (await refunding.refunds(order_id, "r-1", 6000)).status_code == 201
    before = queries.count
    for _ in range(5):
        await refunding.look(order_id)
        assert (await refunding.refunds(order_id, "r-1", 6000)).status_code == 200
    assert queries.count == before + 1
    # After a change one more, and the change is seen.
    assert (await refunding.refunds(order_id, "r-2", 1000)).status_code == 201
    for _ in range(5):
        assert (await refunding.look(order_id))["left"]["value"] == 3000
    assert queries.count == before + 2
