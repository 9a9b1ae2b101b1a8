"""Reaches Temporal, and says in the API's words what failed."""

import logging
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem, UnavailableProblem
from contracts import Refusal
from visibility.views import KeepsChangingError, look_up

# Signals, queries and results need no call to Alipay.
QUICK = timedelta(seconds=4)

log = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")
ViewT = TypeVar("ViewT", bound=BaseModel)


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


async def read_view(client: Client, workflow_id: str, kind: type[ViewT]) -> ViewT:
    """Return what a workflow knows: asked while it is open, its result after that.

    Args:
        client: Reaches Temporal.
        workflow_id: Whose newest run is meant.
        kind: What its query `view` and its result are.

    Raises:
        Problem: 404 unknown, 409 stopped before its end, 503 nobody answers.
    """
    try:
        look = await reach(look_up(client, workflow_id, kind, within=QUICK))
    except KeepsChangingError:
        raise NoAnswerYet from None
    if look.view is None:
        raise Problem(
            409,
            "WORKFLOW_STOPPED",
            "the payment's workflow was stopped before its end "
            f"({type(look.stopped).__name__}); what became of the money must be "
            "looked up at Alipay",
        ) from look.stopped
    return look.view


def _of_refusal(error: WorkflowUpdateFailedError) -> Problem:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type == Refusal.ORDER_DIFFERS:
        return Problem(409, cause.type, cause.message)
    if isinstance(cause, ApplicationError) and cause.type == Refusal.IN_REVIEW:
        return NoAnswerYet()  # a person must decide: the payment's view says so
    return UnavailableProblem("the payment ended while it was asked; call again")
