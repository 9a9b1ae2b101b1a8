"""A member of the shop's staff, with a browser that has no script."""

import re
from dataclasses import dataclass
from typing import Any

import httpx

from tests.storefront.customer import Customer, text_of

PASSWORD = "flat white, no sugar"


@dataclass
class Member:
    """Looks at orders and refunds them."""

    customer: Customer

    @property
    def http(self) -> httpx.AsyncClient:
        return self.customer.http

    async def logs_in(
        self, name: str = "ana", password: str = PASSWORD
    ) -> httpx.Response:
        form = {"name": name, "password": password}
        return await self.http.post("/back-office/login", data=form)

    async def page_of(self, order_id: str) -> str:
        answer = await self.http.get(f"/back-office/orders/{order_id}")
        assert answer.status_code == 200, answer.status_code
        return answer.text

    async def reads(self, order_id: str) -> str:
        return text_of(await self.page_of(order_id))

    async def form_of(self, order_id: str) -> dict[str, str]:
        """Return the hidden fields of the refund's form, as shown right now."""
        return hidden_in(await self.page_of(order_id))

    async def refunds(self, order_id: str, amount: str, **more: Any) -> httpx.Response:
        """Fill in a new form, and send it."""
        form = await self.form_of(order_id)
        return await self.sends(order_id, form, amount=amount, **more)

    async def sends(
        self, order_id: str, form: dict[str, str], **fields: Any
    ) -> httpx.Response:
        path = f"/back-office/orders/{order_id}/refunds"
        return await self.http.post(path, data={**form, **fields})


def hidden_in(html: str) -> dict[str, str]:
    form = html.partition('/refunds" class')[2]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
