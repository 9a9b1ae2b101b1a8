"""What `cashier setup` registers, and when it changes nothing."""

from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from cashier.system.setup import TYPES, set_up
from tests.cashier.operating import Desk, a_client
from visibility import KEYS


async def registered(client: Client) -> dict[str, int]:
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return dict(answer.custom_attributes)


async def test_what_is_missing_is_added_once(dev_server: WorkflowEnvironment) -> None:
    desk = Desk(await a_client(dev_server))
    first = await desk.run("setup")
    again = await desk.run("setup")
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert await registered(desk.client) == TYPES
    assert "Added: PaymentStatus, OrderId" in first.output
    assert "Added" not in again.output
    assert all(key.name in again.output for key in KEYS)


async def test_a_filter_works_as_soon_as_it_is_set_up(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = Desk(await a_client(dev_server))
    await desk.run("setup")
    assert (await desk.client.count_workflows("NeedsAttention = 'REVIEW'")).count == 0


async def test_only_what_is_missing_is_added(dev_server: WorkflowEnvironment) -> None:
    desk = Desk(await a_client(dev_server))
    await add(desk.client, {"Wallet": TYPES["Wallet"], "Theirs": TYPES["Wallet"]})
    done = await desk.run("setup")
    assert "Found: Wallet\n" in done.output
    assert await registered(desk.client) == {**TYPES, "Theirs": TYPES["Wallet"]}


async def test_another_type_is_refused_and_nothing_is_changed(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = Desk(await a_client(dev_server))
    wrong = {"AmountMinor": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
    await add(desk.client, wrong)
    refused = await desk.run("setup", "--retention-days", "90")
    assert refused.exit_code == 2
    assert "AmountMinor is Keyword and must be Int" in refused.output
    assert await registered(desk.client) == wrong
    assert await retention_of(desk.client) == timedelta(days=1)


async def test_a_namespace_without_room_is_said_and_what_to_do(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = Desk(await a_client(dev_server))
    theirs = {f"Theirs{number}": TYPES["Wallet"] for number in range(8)}
    await add(desk.client, theirs)
    refused = await desk.run("setup")
    said = " ".join(refused.output.split())
    assert refused.exit_code == 2
    assert "has no room for search attributes" in said
    assert "PaymentStatus (Keyword)" in said
    assert "cannot have more than 10 search attribute of type Keyword" in said
    assert "temporal operator search-attribute remove" in said
    # What it says already.
    assert "cashier setup" not in said
    assert await registered(desk.client) == theirs


async def test_a_dry_run_changes_nothing(dev_server: WorkflowEnvironment) -> None:
    desk = Desk(await a_client(dev_server))
    told = await desk.run("setup", "--dry-run", "--retention-days", "90")
    assert told.exit_code == 0
    assert "Would add: PaymentStatus (Keyword)" in told.output
    assert "90 days" in told.output
    assert await registered(desk.client) == {}
    assert await retention_of(desk.client) == timedelta(days=1)


async def test_closed_payments_are_kept_longer_only_when_asked(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = Desk(await a_client(dev_server))
    await desk.run("setup")
    before = await retention_of(desk.client)
    await desk.run("setup", "--retention-days", "90")
    assert before == timedelta(days=1)
    assert await retention_of(desk.client) == timedelta(days=90)


async def test_another_namespace_can_be_named(dev_server: WorkflowEnvironment) -> None:
    client = await a_client(dev_server)
    elsewhere = Desk(await a_client(dev_server))
    done = await elsewhere.run("setup", "--namespace", client.namespace)
    assert done.exit_code == 0
    assert await registered(client) == TYPES
    assert await registered(elsewhere.client) == {}


async def test_an_unknown_namespace_is_a_wrong_setting(
    dev_server: WorkflowEnvironment,
) -> None:
    desk = Desk(dev_server.client)
    wrong = await desk.run("setup", TEMPORAL_NAMESPACE="nowhere")
    assert wrong.exit_code == 2
    assert "TEMPORAL_NAMESPACE: Namespace nowhere is not found" in wrong.output


async def test_the_commands_for_temporal_cloud_need_no_server(
    dev_server: WorkflowEnvironment,
) -> None:
    told = await Desk(dev_server.client).run(
        "setup",
        *("--cloud", "--namespace", "pay.a1b2c", "--retention-days", "90"),
        TEMPORAL_ADDRESS="127.0.0.1:1",
    )
    assert told.exit_code == 0
    assert "tcld namespace search-attributes add --namespace pay.a1b2c" in told.output
    for key in KEYS:
        name = key.name
        kind = {"AmountMinor": "Int", "ExpiresAt": "Datetime"}.get(name, "Keyword")
        assert f"--search-attribute {name}={kind}" in told.output
        assert f"--name {name} --type {kind} --idempotent" in told.output
    assert told.output.count("--retention-days 90") == 2


@pytest.mark.parametrize(
    "status", [RPCStatusCode.UNIMPLEMENTED, RPCStatusCode.PERMISSION_DENIED]
)
async def test_a_server_that_does_not_let_us_gets_the_cloud_commands(
    status: RPCStatusCode,
) -> None:
    class NotHere:
        """The operator service, as Temporal Cloud answers for it."""

        async def list_search_attributes(self, *_: Any, **__: Any) -> None:
            raise RPCError("not here", status, b"")

    cloud = SimpleNamespace(namespace="pay.a1b2c", operator_service=NotHere())
    told = StringIO()
    assert await set_up(cast(Client, cloud), Console(file=told)) == 2
    assert "tcld namespace search-attributes add --namespace pay.a1b2c" in (
        told.getvalue()
    )


async def test_a_server_that_is_away_is_said_within_seconds(
    dev_server: WorkflowEnvironment,
) -> None:
    away = await Desk(dev_server.client).run("setup", TEMPORAL_ADDRESS="127.0.0.1:1")
    assert away.exit_code == 3
    assert "Temporal cannot be reached: Connection refused" in away.output


async def add(client: Client, attributes: dict[str, Any]) -> None:
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(
            namespace=client.namespace, search_attributes=attributes
        )
    )


async def retention_of(client: Client) -> timedelta:
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace)
    )
    return described.config.workflow_execution_retention_ttl.ToTimedelta()
