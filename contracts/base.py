"""The base of all contracts, and money."""

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """Base of all contracts: immutable; fields of newer releases are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Money(Contract):
    """An amount: ISO 4217 code and minor units (PHP 1,314.00 is 131400)."""

    currency: str
    value: int
