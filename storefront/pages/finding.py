"""Finds the order of a page by the unguessable token in its URL."""

from typing import Annotated

from fastapi import Depends, HTTPException, Request

from storefront.ordering.orders import ShopOrder
from storefront.shop import Shop


async def _order_of(token: str, request: Request) -> ShopOrder:
    shop: Shop = request.app.state.shop
    order = await shop.orders.find(token)
    if order is None:
        raise HTTPException(404)
    return order


Found = Annotated[ShopOrder, Depends(_order_of)]
