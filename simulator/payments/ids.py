"""Ids in Alipay's format."""

import secrets
from datetime import datetime


def new_id(now: datetime, kind: str) -> str:
    """Return a new id: the day, then digits; `kind` differs for refunds."""
    return f"{now:%Y%m%d}19401080{kind}00188{secrets.randbelow(10**12):012d}"
