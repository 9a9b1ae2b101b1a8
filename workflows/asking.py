"""Puts questions to Alipay, where no verdict is a fact as well, and never a failure."""

from collections.abc import Awaitable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from contracts import AlipayAnswer, Contract
from workflows.payment.attempt import Asked

AnswerT = TypeVar("AnswerT", bound=Contract)


async def ask(answer: Awaitable[AnswerT]) -> Asked[AnswerT]:
    """Await an activity; its quick retries may end without a verdict."""
    asked_at = workflow.now()
    try:
        said: AnswerT | None = await answer
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        said = None
    if isinstance(said, AlipayAnswer):
        # It stays in the history; facts are carried along, and decide without it.
        said = said.model_copy(update={"evidence": None})
    return Asked(asked_at, workflow.now(), said)
