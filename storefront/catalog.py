"""The products and markets of the shop, read from catalog.toml."""

import tomllib
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from typing import Final, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Row(BaseModel):
    """Base of the catalogue's rows: a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Market(Row):
    """A country in which the shop sells.

    Attributes:
        code: ISO 3166; Babel has its name.
        currency: ISO 4217.
        digits: The number of the currency's decimal digits, as in the API.
        time_zone: The time zone in which the times of its orders are shown.
    """

    code: str
    currency: str
    digits: int = Field(ge=0, le=3)
    time_zone: str

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Product(Row):
    """A product, with its price in minor units of each market's currency.

    Its name and description are in words/, its picture is a template; both by its id.
    """

    id: str
    prices: Mapping[str, int]


class Catalog(Row):
    """All markets and products, in display order."""

    markets: tuple[Market, ...] = Field(min_length=1)
    products: tuple[Product, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _every_price_is_known(self) -> Self:
        for product in self.products:
            for market in self.markets:
                if product.prices.get(market.currency, 0) <= 0:
                    raise ValueError(f"{product.id} has no price in {market.currency}")
        return self

    def market(self, code: str) -> Market:
        """Return the market with this code, or the first market."""
        return next((one for one in self.markets if one.code == code), self.markets[0])

    def product(self, product_id: str) -> Product | None:
        return next((one for one in self.products if one.id == product_id), None)


def read_catalog(text: str) -> Catalog:
    """Read a catalogue from TOML.

    Raises:
        ValueError: A row is incomplete, or a product has no price in some market.
    """
    return Catalog.model_validate(tomllib.loads(text))


CATALOG: Final = read_catalog(
    resources.files("storefront").joinpath("catalog.toml").read_text("utf-8")
)
