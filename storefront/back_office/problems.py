"""Why a refund was not requested, or not accepted, for the page of the back office."""

from dataclasses import dataclass
from typing import Final

import httpx

from storefront.payment_api.client import RefusedError

# The API's codes for which the shop has words of its own.
KNOWN: Final = (
    "MORE_THAN_IS_LEFT",
    "REMAINING_DIFFERS",
    "REFUND_DIFFERS",
    "NOT_PAID",
    "UNDER_REVIEW",
    "OPEN",
    "LATE_MONEY",
    "GONE_BACK",
    "INVALID",
    "OVER_LIMIT",
    "UNAUTHORIZED",
    "FORBIDDEN",
)


@dataclass(frozen=True)
class Problem:
    """A refund that was not accepted, so that no money is returned.

    Attributes:
        word: The name of its text in the shop's words.
        http_status: The status of the page.
        code: The API's code.
        details: The API's explanations, in English.
    """

    word: str
    http_status: int
    code: str = ""
    details: tuple[str, ...] = ()

    @property
    def takes_the_name(self) -> bool:
        """Whether another refund already has the form's `refund_id`."""
        return self.code == "REFUND_DIFFERS"


def problem_of(error: RefusedError) -> Problem | None:
    """Return why the API refuses a refund; None if Alipay refused it.

    A refusal by Alipay is the result of the refund, and is shown with it.
    """
    if error.status == httpx.codes.PAYMENT_REQUIRED:
        return None
    refusal = error.refusal
    rules = tuple(f"{one.field}: {one.rule}" for one in refusal.errors)
    said = (refusal.detail,) if refusal.detail else ()
    return Problem(
        word=refusal.code if refusal.code in KNOWN else "OTHER",
        http_status=error.status,
        code=refusal.code,
        details=rules or said,
    )
