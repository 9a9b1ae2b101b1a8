"""Reads one order for an operator: its payment, late money and callbacks."""

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionStatus,
    WorkflowQueryFailedError,
)
from temporalio.service import RPCError

from cashier.stuck.finding import polled_queues
from cashier.temporal_calls import (
    QUICK,
    CommandError,
    UnreachableError,
    WrongSettingError,
    printable,
)
from codec.keyring import KeyringError
from codec.payload_codec import UnreadablePayloadError
from contracts import (
    ORDER_ID_PATTERN,
    CallbackView,
    LatePaymentView,
    Money,
    PaymentView,
    RefundsView,
    callbacks_id,
    late_payment_id,
    refunds_id,
    workflow_id,
)
from visibility import ORDER_ID, amount_in
from visibility.paused import Paused, PausedError, paused_of
from visibility.stuck import any_of
from visibility.views import KeepsChangingError, look_up, newest_run

ViewT = TypeVar("ViewT", bound=BaseModel)

# An order with more late payments and callbacks than this has other problems.
MOST_OTHERS = 50


@dataclass(frozen=True)
class Seen(Generic[ViewT]):
    """One workflow and its view.

    Attributes:
        stopped: How it was stopped before its end; then it has no view.
        amount: The price of the order, from Temporal's list.
    """

    workflow_id: str
    run_id: str
    is_open: bool
    started_at: datetime
    view: ViewT | None
    stopped: str | None = None
    amount: Money | None = None


@dataclass(frozen=True)
class OrderSeen:
    """An order: its payment, its late money, and its callbacks.

    Attributes:
        waits: What the payment waits for: its current details, in Markdown.
        paused: The pause of the payment or of its activities; None without one.
    """

    payment: Seen[PaymentView]
    waits: str | None
    late_money: tuple[Seen[LatePaymentView], ...]
    callbacks: tuple[Seen[CallbackView], ...]
    refunds: Seen[RefundsView] | None = None
    paused: Paused | None = None

    @property
    def runs(self) -> list[tuple[str, str]]:
        """The workflow id and run id of each."""
        return [
            (self.payment.workflow_id, self.payment.run_id),
            *((late.workflow_id, late.run_id) for late in self.late_money),
            *((told.workflow_id, told.run_id) for told in self.callbacks),
            *((one.workflow_id, one.run_id) for one in (self.refunds,) if one),
        ]


def check_order_id(order_id: str) -> str:
    """Return an order id that has a form our API accepts.

    Raises:
        CommandError: It has another form; the message names the rule.
    """
    if not re.fullmatch(ORDER_ID_PATTERN, order_id):
        raise CommandError(
            f"ORDER: {order_id!r} is not an order id; it has 1 to 60 of the characters "
            "A-Z, a-z, 0-9, - and _"
        )
    return order_id


async def look_at_order(client: Client, order_id: str) -> OrderSeen:
    """Return the payment, late money, refunds and callbacks of an order.

    Raises:
        CommandError: It is unknown, or unreadable without the keys, or no worker
            answers.
    """
    payment = await look_at(client, workflow_id(order_id), PaymentView)
    view = payment.view
    attempts = [one.payment_request_id for one in view.attempts] if view else []
    others = await _others(client, order_id, attempts)
    late = [one.id for one in others if one.workflow_type == "LatePayment"]
    callbacks = [one.id for one in others if one.workflow_type == "Callback"]
    return OrderSeen(
        payment=payment,
        waits=await waits_of(client, payment.workflow_id) if payment.is_open else None,
        late_money=tuple(
            await asyncio.gather(
                *(look_at(client, one, LatePaymentView) for one in late)
            )
        ),
        callbacks=tuple(
            await asyncio.gather(
                *(look_at(client, one, CallbackView) for one in callbacks)
            )
        ),
        refunds=await look_at_refunds(client, order_id),
        paused=await _paused(client, payment) if payment.is_open else None,
    )


async def look_at_refunds(client: Client, order_id: str) -> Seen[RefundsView] | None:
    """Return the view of an order's newest `OrderRefunds`; None without any.

    Raises:
        CommandError: It is unreadable without the keys, or no worker answers.
    """
    name = refunds_id(order_id)
    if await newest_run(client, name, within=QUICK) is None:
        return None
    return await look_at(client, name, RefundsView)


async def look_at(client: Client, workflow_id: str, kind: type[ViewT]) -> Seen[ViewT]:
    """Return the view of the newest run of a workflow, or its result.

    Raises:
        CommandError: It is unknown, or unreadable without the keys, or no worker
            answers.
    """
    run: WorkflowExecution = await _described(client, workflow_id)
    if run.status is WorkflowExecutionStatus.RUNNING:
        await check_worker(client, run.task_queue)
    try:
        look = await look_up(client, workflow_id, kind, within=QUICK, run=run)
    except KeepsChangingError:
        raise UnreachableError(
            "the payment changed while it was read; try again"
        ) from None
    except PausedError as error:
        raise UnreachableError(f"{workflow_id} does not answer: {error}") from error
    except (WorkflowQueryFailedError, RPCError) as error:
        raise _unanswered(error) from error
    except (KeyringError, UnreadablePayloadError, RuntimeError, KeyError) as error:
        raise _unreadable(error) from error
    run = look.run or run
    return Seen(
        workflow_id,
        run.run_id,
        look.is_open,
        run.start_time,
        look.view,
        printable(str(look.stopped)) if look.stopped else None,
        amount=amount_in(run.typed_search_attributes),
    )


async def check_worker(client: Client, task_queue: str) -> None:
    """Return if a worker polls: without one a query waits, and an update is lost.

    Raises:
        UnreachableError: No worker polls the task queue.
    """
    if not await polled_queues(client, {task_queue}):
        raise UnreachableError(
            f"no worker polls the task queue {task_queue!r}, so the workflow cannot "
            "answer; nothing was changed. Start the worker, or see: cashier stuck"
        )


async def _described(client: Client, workflow_id: str) -> WorkflowExecution:
    described = await newest_run(client, workflow_id, within=QUICK)
    if described is None:
        raise CommandError(
            f"there is no {workflow_id!r} in namespace {client.namespace!r}; it never "
            "existed, or it closed longer ago than the namespace's retention"
        )
    return described


async def _others(
    client: Client, order_id: str, attempts: Iterable[str]
) -> list[WorkflowExecution]:
    """Return the newest runs of an order's late payments and callbacks."""
    names = [callbacks_id(order_id), *map(late_payment_id, attempts)]
    # By ids too: workflows of older releases have no search attributes.
    query = (
        'WorkflowType IN ("LatePayment", "Callback") AND '
        f'({ORDER_ID.name} = "{order_id}" OR WorkflowId IN ({any_of(names)}))'
    )
    newest: dict[str, WorkflowExecution] = {}
    async for one in client.list_workflows(query, limit=MOST_OTHERS, rpc_timeout=QUICK):
        known = newest.get(one.id)
        if known is None or known.start_time < one.start_time:
            newest[one.id] = one
    return sorted(newest.values(), key=lambda one: one.start_time)


async def _paused(client: Client, seen: Seen[PaymentView]) -> Paused | None:
    handle = client.get_workflow_handle(seen.workflow_id, run_id=seen.run_id)
    return paused_of((await handle.describe(rpc_timeout=QUICK)).raw_description)


async def waits_of(client: Client, workflow_id: str) -> str | None:
    """Return the current details, as the Temporal UI shows them; None without any."""
    handle = client.get_workflow_handle(workflow_id)
    with suppress(Exception):
        metadata = await handle.query(
            "__temporal_workflow_metadata",
            result_type=WorkflowMetadata,
            rpc_timeout=QUICK,
        )
        return metadata.current_details or None
    return None


def _unanswered(error: WorkflowQueryFailedError | RPCError) -> CommandError:
    said = printable(getattr(error, "message", "") or str(error))
    return UnreachableError(
        f"no worker answers for it ({said}); see why with: cashier stuck"
    )


def _unreadable(error: Exception) -> CommandError:
    return WrongSettingError(
        "it is encrypted, and cannot be decrypted with the keys in "
        f"CASHIER_PAYLOAD_KEYS_DIR: {printable(str(error))}"
    )
