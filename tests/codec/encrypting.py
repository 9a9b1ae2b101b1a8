"""Runs payments of an encrypting client, and reads what the server has stored."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from codec.keyring import Keyring
from contracts import Order
from temporal_client import data_converter
from tests.fakes import FakeAlipay
from tests.workflows.running import RunningPayment
from workflows.callback import Callback
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment

WORKFLOWS = [CashierPayment, LatePayment, Callback]


def a_client(
    env: WorkflowEnvironment, ring: Keyring, *, refuses_since: datetime | None = None
) -> Client:
    """Return a client of the server that encrypts with this ring."""
    config = env.client.config()
    config["data_converter"] = data_converter(
        ring, clear_text_refused_since=refuses_since
    )
    return Client(**config)


def a_task_queue() -> str:
    return f"test-{uuid4()}"


@asynccontextmanager
async def working(
    client: Client, alipay: FakeAlipay, task_queue: str
) -> AsyncIterator[None]:
    """Serve the workflows with the client's keys."""
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=alipay.activities,
    ):
        yield


def a_payment_of(client: Client, order: Order, task_queue: str) -> RunningPayment:
    return RunningPayment(WorkflowEnvironment.from_client(client), order, task_queue)


def keys_used(history: WorkflowHistory) -> set[str]:
    """Return the ids of the keys that a history was encrypted with."""
    found: set[str] = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if key_id := node.get("encryption-key-id"):
                found.add(base64.b64decode(key_id).decode())
            node = list(node.values())
        if isinstance(node, list):
            for inner in node:
                look(inner)

    look(json.loads(history.to_json()))
    return found


def bytes_of(history: WorkflowHistory) -> bytes:
    return b"".join(event.SerializeToString() for event in history.events)


async def until(
    handle: WorkflowHandle[Any, Any], event: "EventType.ValueType"
) -> WorkflowHistory:
    """Wait until an event stands in the history."""
    async with asyncio.timeout(20):
        while True:
            history = await handle.fetch_history()
            if any(one.event_type == event for one in history.events):
                return history
            await asyncio.sleep(0.05)
