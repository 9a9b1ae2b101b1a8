"""Reaches Temporal, and says in the API's words what failed."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import QueryRejectCondition
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem, UnavailableProblem

# Signals, queries and results need no call to Alipay.
QUICK = timedelta(seconds=4)

# A run may close between two looks, and the next one begin; hardly twice in a row.
MOST_LOOKS = 3

log = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")


class NoAnswerYet(UnavailableProblem):
    """Alipay, or the worker, has not answered within our patience."""

    def __init__(self) -> None:
        super().__init__("the payment has not been answered yet; call again")


async def reach(call: Awaitable[ResultT]) -> ResultT:
    """Await a call to Temporal, and turn its failures into problems.

    Raises:
        Problem: 404, 409 or 503.
        RPCError: With status NOT_FOUND, where the workflow has closed, or just closes.
    """
    try:
        return await call
    except RuntimeError as error:
        # A client that has never connected says so without an RPCError.
        if "client connect" not in str(error):
            raise
        raise UnavailableProblem("Temporal does not answer; call again") from error
    except WorkflowUpdateFailedError as error:
        raise _of_refusal(error) from error
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise NoAnswerYet from error
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            if "workflow not found" not in error.message:
                raise
            raise Problem(404, "UNKNOWN_ORDER", "no payment of this order") from error
        if "search attribute" in error.message.lower():
            log.error("Temporal does not know our search attributes: %s", error.message)
            raise UnavailableProblem(
                "Temporal does not know how payments are listed; the operator must run "
                "`cashier setup`"
            ) from error
        raise UnavailableProblem(
            f"Temporal does not answer ({error.status.name}); call again"
        ) from error


async def read_view(
    client: Client,
    workflow_id: str,
    run: Callable[[Any, Any], Awaitable[ResultT]],
    view: Callable[[Any], ResultT],
) -> ResultT:
    """Return what a workflow knows: asked while it runs, its result when it has closed.

    Args:
        client: Reaches Temporal.
        workflow_id: Whose newest run is meant.
        run: The workflow's run method, for the type of its result.
        view: Its query, which answers the same type.

    Raises:
        Problem: 404 unknown, 409 stopped before its end, 503 nobody answers.
    """
    handle = client.get_workflow_handle_for(run, workflow_id)
    for _ in range(MOST_LOOKS):
        try:
            return await reach(
                handle.query(
                    view,
                    reject_condition=QueryRejectCondition.NOT_OPEN,
                    rpc_timeout=QUICK,
                )
            )
        except WorkflowQueryRejectedError:
            described = await reach(handle.describe(rpc_timeout=QUICK))
        # The next run may have begun meanwhile, and its result is still to come: only
        # the result of this very run can be waited for.
        if described.status is not WorkflowExecutionStatus.RUNNING:
            return await _result(
                client.get_workflow_handle_for(
                    run, workflow_id, run_id=described.run_id
                )
            )
    raise NoAnswerYet


async def _result(closed: WorkflowHandle[Any, ResultT]) -> ResultT:
    try:
        return await reach(closed.result(follow_runs=False, rpc_timeout=QUICK))
    except WorkflowFailureError as error:
        raise Problem(
            409,
            "WORKFLOW_STOPPED",
            "the payment's workflow was stopped before its end "
            f"({type(error.cause).__name__}); what became of the money must be "
            "looked up at Alipay",
        ) from error


def _of_refusal(error: WorkflowUpdateFailedError) -> Problem:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in (
        "ORDER_DIFFERS",
        "WALLET_DIFFERS",
    ):
        return Problem(409, cause.type, cause.message)
    return UnavailableProblem("the payment ended while it was asked; call again")
