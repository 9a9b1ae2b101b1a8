"""Sends an operator's update to a workflow; turns a refusal into an error message."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from cashier.payments.reading import Seen, check_worker, look_at
from cashier.temporal_calls import (
    QUICK,
    CommandError,
    UnreachableError,
    ends_within,
    printable,
)

ViewT = TypeVar("ViewT", bound=BaseModel)

# Alipay answers in seconds; with all quick retries a call may take a minute.
PATIENCE = timedelta(seconds=60)
UNKNOWN = "it is not known yet whether it took effect; look again before you repeat it"


async def act(
    client: Client,
    workflow_id: str,
    update: str,
    *words: object,
    answers: type[ViewT],
    patience: timedelta = PATIENCE,
) -> ViewT:
    """Send an update and return its answer.

    Args:
        client: Its identity is the operator at the terminal, for the history.
        workflow_id: The workflow, of which the newest run gets the update.
        update: The update's name.
        words: The update's argument, if it takes one.
        answers: The type of its answer.
        patience: How long it may take, in seconds.

    Raises:
        CommandError: It is refused, or the workflow has ended or is unknown, or nobody
            answers.
    """
    handle = client.get_workflow_handle(workflow_id)

    async def send() -> object:
        described = await handle.describe(rpc_timeout=QUICK)
        await check_worker(client, described.task_queue)
        # The SDK asks for the answer again and again, each time within its time-out.
        return await handle.execute_update(
            update,
            args=words,
            id=f"{update}-{uuid4().hex}",
            result_type=answers,
            rpc_timeout=patience,
        )

    return await answer_of(
        send(),
        answers,
        lambda: look_at(client, workflow_id, answers),
        patience=patience,
    )


async def answer_of(
    update: Awaitable[object],
    answers: type[ViewT],
    look: Callable[[], Awaitable[Seen[ViewT]]],
    *,
    patience: timedelta = PATIENCE,
) -> ViewT:
    """Await the answer of an update.

    Args:
        update: Sends it.
        answers: The type of its answer.
        look: Looks at the workflow, to find out why there is no answer.
        patience: How long it may take, in seconds.

    Raises:
        CommandError: It is refused, or the workflow has ended or is unknown, or nobody
            answers.
    """
    try:
        async with ends_within(patience, UNKNOWN):
            answer = await update
        return answers.model_validate(answer)
    except WorkflowUpdateFailedError as error:
        raise CommandError(f"refused: {_of(error)}") from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise UnreachableError(
            f"not answered within {patience.total_seconds():.0f} s; {UNKNOWN}"
        ) from error
    except RPCError as error:
        if error.status is RPCStatusCode.FAILED_PRECONDITION:
            await look()  # the server answers so where the workflow is paused
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        # The look raises for an unknown workflow; a closed one shows how it ended.
        seen = await look()
        ended = getattr(seen.view, "outcome", None) or seen.stopped
        how = f", and its end is {ended}" if ended else ""
        raise CommandError(f"refused: the workflow has ended{how}") from error


def _of(error: WorkflowUpdateFailedError) -> str:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return printable(cause.message)
    return printable(str(cause))
