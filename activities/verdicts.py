"""The end of an activity that calls Alipay: a verdict is its result, else an error."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from temporalio.exceptions import ApplicationError

from alipay.errors import (
    NoVerdictError,
    RejectedError,
    TrafficExceededError,
    UnsendableError,
)
from alipay.models import Answer
from contracts import AlipayAnswer
from translation.evidence import proven

# Alipay gives no number for its rate limit, so a call over it waits noticeably longer
# than an ordinary retry.
TRAFFIC_PAUSE = timedelta(seconds=15)
# The settings that requests to Alipay are made of.
SETTINGS_OF_CALLS = (
    "CASHIER_ALIPAY_HOST, CASHIER_CLIENT_ID, CASHIER_PRIVATE_KEY_FILE and "
    "CASHIER_OUTGOING_PROXY"
)

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)
ResponseT = TypeVar("ResponseT", bound=Answer)


async def answer_of(
    response: Awaitable[ResponseT],
    read: Callable[[ResponseT], AnswerT],
    refused: Callable[[RejectedError], AnswerT],
) -> AnswerT:
    """Await a call to Alipay, and return its verdict with the evidence.

    Args:
        response: The call.
        read: Reads what Alipay answers.
        refused: Reads what Alipay refuses.

    Raises:
        ApplicationError: There is no verdict; the same call may be repeated.
    """
    try:
        said = await response
        return proven(read(said), said.exchange)
    except RejectedError as refusal:
        return proven(refused(refusal), refusal.exchange)
    except (NoVerdictError, UnsendableError) as error:
        raise _failure_of(error) from None


async def inquire(
    response: Awaitable[ResponseT],
    read: Callable[[ResponseT], AnswerT | None],
    read_refusal: Callable[[RejectedError], AnswerT | None],
    *,
    subject: str,
) -> AnswerT:
    """Await an inquiry, and return its answer with the evidence.

    Args:
        response: The call to Alipay.
        read: Reads its response; None for a status that is not documented.
        read_refusal: Reads a refusal; None where it says nothing of its subject.
        subject: What it is about, for errors: `payment` or `refund`.

    Raises:
        ApplicationError: There is no verdict; the same call may be repeated.
    """

    def documented(said: ResponseT) -> AnswerT:
        if answer := read(said):
            return answer
        raise ApplicationError(
            f"Alipay named a {subject} status that is not documented",
            type=f"UNKNOWN_{subject.upper()}_STATUS",
        )

    def refused(refusal: RejectedError) -> AnswerT:
        if unknown := read_refusal(refusal):
            return unknown
        # The inquiry failed, which says nothing about its subject.
        raise ApplicationError(str(refusal), type=refusal.result_code) from None

    return await answer_of(response, documented, refused)


def _failure_of(error: NoVerdictError | UnsendableError) -> ApplicationError:
    """Return the failure of a call that Alipay has not answered.

    Temporal repeats it, slower when Alipay asks for that. A request that cannot be sent
    at all is not repeated: the workflow asks for attention at once, and tries again
    with its own growing pauses, so that it goes on by itself once the setting is right.
    """
    if isinstance(error, UnsendableError):
        return ApplicationError(
            f"{error}: this worker cannot make or send the request; check "
            f"{SETTINGS_OF_CALLS}",
            type="ALIPAY_CALL_UNSENDABLE",
            non_retryable=True,
        )
    crowded = isinstance(error, TrafficExceededError)
    return ApplicationError(
        str(error),
        type=type(error).__name__,
        next_retry_delay=TRAFFIC_PAUSE if crowded else None,
    )
