"""Refunds are taken away with their order, also where only a digest names it."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from audit.bundle.describing import describe
from audit.bundle.export import export_bundle, query_of
from audit.bundle.manifest import Selection
from audit.bundle.reading import Bundle
from contracts import CancelVerdict, refunds_id
from tests.audit.refunds.playing import Played
from tests.cashier.operating import until
from tests.workflows.refunds.refunding import RefundingAlipay, refunds_of


def shown(text: str, *, attributes: bool = True, order_id: str = "") -> str:
    """Return a history as nobody with a key can read it, or under another id."""
    history = json.loads(text)
    started = history["events"][0]["workflowExecutionStartedEventAttributes"]
    started["input"] = {"payloads": []}
    if not attributes:
        del started["searchAttributes"]
    if order_id:
        started["workflowId"] = refunds_id(order_id)
    return json.dumps(history)


def order_in(text: str) -> str:
    history = WorkflowHistory.from_json("", text)
    return describe(history, None, sha256="0" * 64).order_id


async def test_the_index_names_the_order_of_refunds_and_what_was_paid(
    played: Played,
) -> None:
    history = WorkflowHistory.from_json("", played.texts["in-parts"])
    entry = describe(history, None, sha256="0" * 64)
    assert entry.workflow_id == f"refunds:{entry.order_id}"
    assert (entry.currency, entry.amount_minor) == ("PHP", 131400)
    assert (entry.status, entry.outcome) == ("COMPLETED", None)


async def test_without_the_keys_the_list_names_the_order_of_refunds(
    played: Played,
) -> None:
    text = played.texts["in-parts"]
    assert order_in(shown(text)) == order_in(text) != ""


async def test_without_keys_and_list_the_id_names_the_order_if_it_has_room(
    played: Played,
) -> None:
    text = played.texts["in-parts"]
    assert order_in(shown(text, attributes=False, order_id="short")) == "short"
    assert order_in(shown(text, attributes=False, order_id="a" * 60)) == ""


@pytest.mark.parametrize("order_id", ["export-short", f"export-{'a' * 53}"])
async def test_an_orders_refunds_are_exported_whatever_its_ids_length(
    dev_server: WorkflowEnvironment, tmp_path: Path, order_id: str
) -> None:
    alipay = RefundingAlipay(cancels=CancelVerdict.CANCELLED)
    given = {"order_id": order_id, "payment_request_id": f"{order_id}_1"}
    async with refunds_of(
        dev_server.client, alipay, tells_shop=False, **given
    ) as refunds:
        await refunds.ask("r-1", None)
        await refunds.handle.result()
    selection = Selection(order_id=order_id)

    async def is_listed() -> bool:
        query = query_of(selection)
        return (await dev_server.client.count_workflows(query)).count == 1

    await until(is_listed)
    await export_bundle(dev_server.client, tmp_path / "bundle", selection)
    entries = list(Bundle.open(tmp_path / "bundle").entries())
    assert [one.workflow_id for one in entries] == [refunds_id(order_id)]
    assert entries[0].order_id == order_id
