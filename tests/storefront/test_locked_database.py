"""The shop while somebody else has locked its database, as a backup does."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from storefront.settings import StorefrontSettings
from tests.storefront.callbacks import an_event, tell
from tests.storefront.customer import Customer, a_customer, text_of
from tests.storefront.played_api import PlayedApi

SHORT = 0.1


@contextmanager
def locked(
    settings: StorefrontSettings, *, for_readers: bool = False
) -> Iterator[None]:
    """Lock the database for all who write, and perhaps for all who read."""
    file = settings.database
    with closing(sqlite3.connect(file, isolation_level=None)) as backup:
        if for_readers:
            backup.execute("pragma locking_mode = exclusive")
        backup.execute("begin exclusive")
        backup.execute("update carts set lines = lines")
        yield
        backup.execute("rollback")


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Please try again in a few seconds"), ("id", "Silakan coba lagi")],
)
async def test_a_customer_is_asked_to_try_again_while_the_database_is_locked(
    shop_settings: StorefrontSettings, api: PlayedApi, language: str, said: str
) -> None:
    async with a_customer(shop_settings, api, patience=SHORT) as customer:
        headers = {"Accept-Language": language}
        with locked(shop_settings):
            answer = await _adds(customer, **headers)
        assert answer == (503, True, said)
        await customer.add()


async def _adds(customer: Customer, **headers: str) -> tuple[int, bool, str]:
    answer = await customer.http.post(
        "/cart", data={"product": "flat-white"}, headers=headers
    )
    assert answer.headers["retry-after"] == "10"
    text = text_of(answer.text)
    words = ("Please try again in a few seconds", "Silakan coba lagi")
    [said] = [one for one in words if one in text]
    return answer.status_code, answer.headers["content-type"].startswith("text/"), said


async def test_a_page_is_waited_for_where_even_readers_are_locked_out(
    shop_settings: StorefrontSettings, api: PlayedApi
) -> None:
    async with a_customer(shop_settings, api, patience=SHORT) as customer:
        await customer.buy()
        page = f"/orders/{customer.http.cookies['order']}"
        with locked(shop_settings, for_readers=True):
            assert (await customer.http.get(page)).status_code == 503
        assert (await customer.http.get(page)).status_code == 200


async def test_a_callback_is_refused_so_that_it_is_repeated(
    shop_settings: StorefrontSettings, api: PlayedApi
) -> None:
    async with a_customer(shop_settings, api, patience=SHORT) as customer:
        await customer.buy()
        event = an_event((await customer.order()).order_id, "PAID")
        with locked(shop_settings):
            assert (await tell(customer, event)).status_code == 503
        assert (await customer.order()).status != "PAID"
        assert (await tell(customer, event)).status_code == 204
        assert (await customer.order()).status == "PAID"


async def test_a_short_lock_is_waited_for(
    shop_settings: StorefrontSettings, customer: Customer
) -> None:
    with locked(shop_settings):
        adding = asyncio.create_task(customer.add())
        done, _ = await asyncio.wait({adding}, timeout=SHORT)
        assert not done
    await adding


async def test_another_failure_of_the_database_is_not_called_a_lock(
    shop_settings: StorefrontSettings, customer: Customer
) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await customer.shop.database.read(lambda one: one.execute("select * from no"))
