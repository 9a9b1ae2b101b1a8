"""Turns a call to Alipay into an activity's result (a verdict) or error (none)."""

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

# Alipay does not document its rate limit, so a call above it is retried noticeably
# later than others.
TRAFFIC_PAUSE = timedelta(seconds=15)
# The settings that requests to Alipay are made with.
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
        read: Reads Alipay's response.
        refused: Reads Alipay's refusal.

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
        read_refusal: Reads a refusal; None where it says nothing about the subject.
        subject: The subject of the inquiry, for errors: `payment` or `refund`.

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
    """Return the failure of a call without a verdict.

    Temporal retries it, later if Alipay reports its rate limit. A request that cannot
    be sent at all is not retried: the workflow needs attention at once, and tries again
    after its own growing pauses, so that it continues by itself once the setting is
    right.
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
