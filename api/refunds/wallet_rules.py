"""Checks a refund against the rules of the payment's wallet."""

from contextlib import suppress
from datetime import UTC, datetime

from alipay.errors import WalletRuleError
from alipay.refund_rules import check_refund
from alipay.wallets import WALLETS
from api.problems import Problem
from api.refunds.payers import Payer
from contracts import Money


def check_wallet(payer: Payer, amount: Money, left: Money | None) -> None:
    """Return if the wallet allows a refund; for an unknown wallet Alipay decides.

    Args:
        payer: The payment that is refunded.
        amount: The amount to refund.
        left: The amount that can still be refunded; None where it is unknown.

    Raises:
        Problem: 422 with the field, the rule and its source.
    """
    wallet = WALLETS.get(payer.wallet)
    if wallet is None or left is None:
        return
    now = datetime.now(UTC)
    try:
        check_refund(
            wallet,
            currency=amount.currency,
            value=amount.value,
            left=left.value,
            paid_at=_time(payer.paid_at) or now,
            now=now,
            paid_currency=left.currency,
        )
    except WalletRuleError as error:
        found = {"field": error.field, "rule": error.rule, "source": error.source}
        raise Problem(422, "INVALID", str(error), errors=[found]) from error


def _time(written: str | None) -> datetime | None:
    """Parse a time of Alipay's; None where it is invalid, or has no zone."""
    with suppress(ValueError):
        read = datetime.fromisoformat(written or "")
        return read if read.utcoffset() is not None else None
    return None
