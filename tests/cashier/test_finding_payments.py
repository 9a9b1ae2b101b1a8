"""A payment is found at once: in the list, and by each id that operators meet."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from temporalio.testing import WorkflowEnvironment

from cashier.payments.names import order_named
from cashier.temporal_calls import CommandError
from contracts import Money, Order, callbacks_id, late_payment_id, workflow_id
from tests.builders import a_page
from tests.cashier.operating import Desk, a_desk, a_worker, until
from tests.fakes import FakeAlipay

OTHER_MONEY = Money(currency="PHP", value=100)
PAYMENT_ID = "20261124114010800100188820200006789"


@dataclass
class Books:
    """A desk with one payment that is open, one paid and one under review."""

    desk: Desk
    open: Order
    paid: Order
    reviewed: Order

    async def listed(self, *words: str) -> dict[str, dict[str, Any]]:
        told = await self.desk.run("payments", "list", "--json", *words)
        assert told.exit_code == 0, told.output
        return {line["order_id"]: line for line in json.loads(told.stdout)}


@pytest.fixture(scope="module")
async def books(dev_server: WorkflowEnvironment) -> AsyncIterator[Books]:
    desk = await a_desk(dev_server)
    async with a_worker(desk, FakeAlipay(pay=[a_page()])):
        won = Money(currency="KRW", value=5000)
        books = Books(
            desk,
            await desk.begin(wallet="KAKAOPAY", amount=won),
            await desk.begin(),
            await desk.begin(),
        )
        await desk.notify(books.paid)
        await desk.notify(books.reviewed, amount=OTHER_MONEY)
        await until(lambda: shows_all(books))
        yield books


async def shows_all(books: Books) -> bool:
    listed = await books.listed()
    stands = {line["status"] for line in listed.values()}
    return stands == {"OPEN", "PAID", "REVIEW"}


async def test_the_newest_payments_are_listed_with_all_that_the_list_knows(
    books: Books,
) -> None:
    listed = await books.listed()
    paid, reviewed = listed[books.paid.order_id], listed[books.reviewed.order_id]
    assert (paid["status"], paid["attention"]) == ("PAID", None)
    assert (paid["currency"], paid["amount_minor"]) == ("PHP", 131400)
    assert paid["ended"] >= paid["began"]
    assert (reviewed["status"], reviewed["attention"]) == ("REVIEW", "REVIEW")
    assert reviewed["ended"] is None
    assert reviewed["link"].endswith("/user-metadata")
    assert listed[books.open.order_id]["wallet"] == "KAKAOPAY"


async def test_the_list_is_narrowed_by_status_wallet_and_attention(
    books: Books,
) -> None:
    for words, order in (
        (("--status", "PAID"), books.paid),
        (("--status", "REVIEW"), books.reviewed),
        (("--attention",), books.reviewed),
        (("--wallet", "KAKAOPAY"), books.open),
        (("--status", "OPEN", "--wallet", "KAKAOPAY"), books.open),
    ):
        assert set(await books.listed(*words)) == {order.order_id}, words
    assert await books.listed("--status", "EXPIRED") == {}
    assert len(await books.listed("--limit", "1")) == 1


async def test_people_read_the_list_as_a_table(books: Books) -> None:
    told = await books.desk.run("payments", "list")
    for words in (books.paid.order_id, "PHP 1,314.00", "REVIEW", "KAKAOPAY", "UTC"):
        assert words in told.output


async def test_a_wallet_that_cannot_be_one_is_refused(books: Books) -> None:
    wrong = await books.desk.run("payments", "list", "--wallet", '" OR "')
    assert wrong.exit_code == 2
    assert "must be Alipay's code" in wrong.stderr


async def test_a_payment_is_shown_by_each_id_of_it(books: Books) -> None:
    order = books.paid.order_id
    for name in (
        order,
        f"{order}_1",
        workflow_id(order),
        callbacks_id(order),
        late_payment_id(f"{order}_2"),
    ):
        told = await books.desk.run("payments", "show", name, "--json")
        assert told.exit_code == 0, told.output
        assert json.loads(told.stdout)["workflow_id"] == workflow_id(order)


async def test_a_payment_is_found_by_alipays_own_id(books: Books) -> None:
    asked = []

    async def ask(payment_id: str) -> str | None:
        asked.append(payment_id)
        return f"{books.paid.order_id}_1" if payment_id == PAYMENT_ID else None

    client = books.desk.client
    found = await order_named(client, PAYMENT_ID, ask_alipay=ask)
    with pytest.raises(CommandError, match="not the paymentId of a payment"):
        await order_named(client, PAYMENT_ID[::-1], ask_alipay=ask)
    assert found == books.paid.order_id
    # What Temporal knows is asked of nobody else.
    await order_named(client, books.paid.order_id, ask_alipay=ask)
    assert len(asked) == 2


async def test_without_the_workers_settings_it_is_said_who_could_tell(
    books: Books,
) -> None:
    told = await books.desk.run("payments", "show", PAYMENT_ID)
    assert told.exit_code == 2
    assert "needs the settings of the worker" in told.stderr
    assert "CASHIER_PRIVATE_KEY_FILE" in told.stderr


async def test_what_has_the_shape_of_no_id_is_refused(books: Books) -> None:
    for name in ("notice:abc", "late-payment:coffee", "payment:x y"):
        told = await books.desk.run("payments", "show", name)
        assert told.exit_code == 1
        assert "ORDER" in told.stderr
