"""Calls Temporal, and turns failures into the API's problems."""

import asyncio
import logging
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecution,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem, UnavailableProblem
from contracts import Refusal
from visibility.paused import PausedError
from visibility.views import KeepsChangingError, look_up

# In seconds: signals, queries and results need no call to Alipay.
QUICK = timedelta(seconds=4)

log = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")
ViewT = TypeVar("ViewT", bound=BaseModel)


class NoAnswerYet(UnavailableProblem):
    """Alipay, or the worker, has not answered in time."""

    def __init__(self) -> None:
        super().__init__("the payment has not been answered yet; call again")


class PausedProblem(UnavailableProblem):
    """The workflow is paused; a repeat is safe once it is unpaused."""

    def __init__(self) -> None:
        super().__init__("the payment is paused by an operator; call again later")


class UnknownOrderProblem(Problem):
    """Temporal has no payment of the order: it never existed, or was deleted."""

    def __init__(self) -> None:
        super().__init__(404, "UNKNOWN_ORDER", "no payment of this order")


class StoppedProblem(Problem):
    """The workflow was stopped before its end, by an operator of Temporal."""

    def __init__(self, workflow_id: str, how: str) -> None:
        self.workflow_id = workflow_id
        super().__init__(
            409,
            "WORKFLOW_STOPPED",
            f"{workflow_id} was stopped before its end ({how}); start the payment "
            "again: Alipay is then asked for its outcome",
        )


async def reach(call: Awaitable[ResultT]) -> ResultT:
    """Await a call to Temporal, and turn its failures into problems.

    Raises:
        Problem: 404, 409 or 503.
        RPCError: With status NOT_FOUND, where the workflow has closed, or is closing.
    """
    try:
        return await call
    except RuntimeError as error:
        # A lazy client that cannot connect raises RuntimeError instead of RPCError.
        if "client connect" not in str(error):
            raise
        raise UnavailableProblem("Temporal does not answer; call again") from error
    except WorkflowUpdateFailedError as error:
        raise _of_refusal(error) from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise NoAnswerYet from error
    except WorkflowQueryFailedError as error:
        # Its code fails, or the query has overtaken a task once more than it was sent.
        # The reason may quote payloads, and stands in the worker's log.
        log.error("a worker could not answer a query")
        raise UnavailableProblem(
            "the workflow cannot be read now; call again"
        ) from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            if "workflow not found" not in error.message:
                raise
            raise UnknownOrderProblem from error
        is_refused = error.status is RPCStatusCode.FAILED_PRECONDITION
        if is_refused and "paused" in error.message.lower():
            raise PausedProblem from error
        if "search attribute" in error.message.lower():
            log.error("Temporal does not know our search attributes: %s", error.message)
            raise UnavailableProblem(
                "Temporal lacks the search attributes of payments; the operator must "
                "run `cashier setup`"
            ) from error
        raise UnavailableProblem(
            f"Temporal does not answer ({error.status.name}); call again"
        ) from error


async def read_view(
    client: Client,
    workflow_id: str,
    kind: type[ViewT],
    *,
    run: WorkflowExecution | None = None,
) -> ViewT:
    """Return the view of a workflow: by query while it is open, then its result.

    Args:
        client: Connected to Temporal.
        workflow_id: The workflow, of which the newest run is read.
        kind: The type of its query `view` and its result.
        run: The newest run, where it was described before.

    Raises:
        StoppedProblem: It was stopped before its end.
        Problem: 404 unknown, 503 nobody answers.
    """
    try:
        look = await reach(look_up(client, workflow_id, kind, within=QUICK, run=run))
    except KeepsChangingError:
        raise NoAnswerYet from None
    except PausedError as error:
        # Who stopped it, and why, is for operators only.
        raise PausedProblem from error
    if look.view is None:
        raise StoppedProblem(workflow_id, type(look.stopped).__name__) from look.stopped
    return look.view


async def look_away(start: WithStartWorkflowOperation[Any, Any]) -> None:
    """Mark the exception of the start's future as retrieved.

    Nobody else reads it, and asyncio logs exceptions that were never retrieved. Without
    a connection it never completes, so it must not be awaited.
    """
    looked = asyncio.ensure_future(start.workflow_handle())
    await asyncio.sleep(0)
    looked.cancel()
    await asyncio.wait({looked})
    if not looked.cancelled():
        looked.exception()


# The errors of an update that the workflow has rejected; other errors mean that the
# workflow has ended meanwhile.
_REFUSED: Final = {
    Refusal.ORDER_DIFFERS: 409,
    Refusal.REFUND_INCOMPLETE: 422,
    Refusal.RESOLUTION_INCOMPLETE: 422,
    Refusal.CURRENCY_DIFFERS: 422,
    Refusal.REFUND_DIFFERS: 409,
    Refusal.MORE_THAN_IS_LEFT: 409,
    Refusal.REMAINING_DIFFERS: 409,
    Refusal.SECOND_PERSON_NEEDED: 409,
    Refusal.NOT_OPEN: 409,
    Refusal.UNKNOWN_REFUND: 404,
}


def of_refusal(kind: str | None, words: str) -> Problem:
    """Return the problem for an update that the workflow has rejected.

    Args:
        kind: A `Refusal`, or the type of another failure.
        words: The reason; for an invalid field `{field}: {rule}`.
    """
    if kind == Refusal.IN_REVIEW:
        return NoAnswerYet()  # a person must decide: the payment's view shows that
    status = _REFUSED.get(Refusal(kind)) if kind in list(Refusal) else None
    if status is None:
        return UnavailableProblem("the payment ended during the call; call again")
    field, _, rule = words.partition(": ")
    if status == 422:
        errors = [{"field": field, "rule": rule}]
        return Problem(status, "INVALID", words, errors=errors)
    return Problem(status, str(kind), words)


def _of_refusal(error: WorkflowUpdateFailedError) -> Problem:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        return of_refusal(cause.type, cause.message)
    return of_refusal(None, "")
