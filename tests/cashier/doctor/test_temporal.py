"""Temporal: whether it is there, and whether its namespace is made for payments."""

import socket

import pytest
from rich.console import Console
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from cashier.doctor.checks.findings import Finding, State
from cashier.doctor.checks.running import Check, run_checks
from cashier.doctor.checks.temporal import check_temporal
from cashier.system.setup import set_up
from tests.cashier.doctor.checking import assert_wrong
from tests.cashier.operating import a_client


async def lines() -> dict[str, Finding]:
    found = await run_checks([Check("temporal", check_temporal, 20)])
    return {one.name: one for one in found}


@pytest.fixture
async def client(
    dev_server: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> Client:
    """Return a client of a namespace of its own, which the environment names."""
    client = await a_client(dev_server)
    where = client.service_client.config.target_host
    monkeypatch.setenv("TEMPORAL_ADDRESS", where)
    monkeypatch.setenv("TEMPORAL_NAMESPACE", client.namespace)
    return client


async def test_a_namespace_that_is_set_up_is_well(client: Client) -> None:
    await set_up(client, Console(quiet=True), retention_days=90)
    found = await lines()
    assert {one.state for one in found.values()} == {State.OK}
    assert [*found] == ["server", "namespace", "retention", "search attributes"]
    assert "90 days" in found["retention"].why


async def test_a_namespace_that_forgets_payments_soon_is_named(client: Client) -> None:
    await set_up(client, Console(quiet=True))
    found = await lines()
    assert_wrong(found["retention"], "1 days", "cashier setup --retention-days 90")
    assert found["search attributes"].state is State.OK


async def test_missing_search_attributes_are_named(client: Client) -> None:
    found = (await lines())["search attributes"]
    assert_wrong(found, "OrderId", "ExpiresAt", "cashier setup")
    assert found.exit_code == 2


async def test_a_search_attribute_of_another_type_is_named(client: Client) -> None:
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace,
            search_attributes={
                "Wallet": IndexedValueType.INDEXED_VALUE_TYPE_INT,
            },
        )
    )
    found = (await lines())["search attributes"]
    assert_wrong(found, "Wallet is Int and must be Keyword")


async def test_a_namespace_that_does_not_exist_is_named(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "of-nobody")
    found = await lines()
    assert found["server"].state is State.OK
    assert_wrong(found["answer"], "TEMPORAL_NAMESPACE", "of-nobody")
    assert found["answer"].exit_code == 2


async def test_a_temporal_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{bound.getsockname()[1]}"
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        found = await lines()
    assert_wrong(found["answer"], "Connection refused", "TEMPORAL_ADDRESS")
    assert found["answer"].exit_code == 3
