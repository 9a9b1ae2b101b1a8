"""Why a refund was not asked for, or not accepted, for the page of the back office."""

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
    """A refund that was not accepted: nothing goes back.

    Attributes:
        word: The name of the shop's words for it.
        http_status: Of the page.
        code: The API's code.
        told: What the API says besides, in its own words, which are English.
    """

    word: str
    http_status: int
    code: str = ""
    told: tuple[str, ...] = ()

    @property
    def takes_the_name(self) -> bool:
        """Whether the form's refund exists already, and is another one."""
        return self.code == "REFUND_DIFFERS"


def problem_of(error: RefusedError) -> Problem | None:
    """Return why the API refuses a refund; None where Alipay does.

    What Alipay says is what became of the refund, and stands beside it.
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
        told=rules or said,
    )
