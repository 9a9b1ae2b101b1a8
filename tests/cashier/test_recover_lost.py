"""`cashier recover --orders`, `--transactions`: what lists of orders lead to."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from typer.testing import Result

from cashier.temporal_calls import QUICK
from contracts import PaymentOutcome, PaymentView, workflow_id
from tests.api.running import settings_in
from tests.builders import a_cancel, a_page, an_inquiry
from tests.cashier.operating import Desk, a_desk, a_worker
from tests.fakes import FakeAlipay
from tests.signing import alipays_key, trust
from tests.test_end_to_end import an_order_id
from visibility.views import newest_run
from workflows.cashier_payment import CashierPayment

NAMES = "order_id,status,amount_minor,currency,wallet"
ALIPAYS = (
    "transactionRequestId,transactionId,transactionType,transactionAmountValue,"
    "transactionCurrency,status"
)
WHY = ("--reason", "the database is gone", "--by", "anna")


@dataclass
class Office:
    """A desk with the API's settings, and a folder of lists."""

    desk: Desk
    folder: Path
    settings: dict[str, str]

    async def recovers(self, *words: str) -> Result:
        return await self.desk.run("recover", *words, *WHY, **self.settings)

    def orders(self, *rows: str, name: str = "orders.csv") -> str:
        return self._file(name, [NAMES, *rows])

    def transactions(self, *rows: str, ends: bool = True) -> str:
        return self._file("items.csv", [ALIPAYS, *rows, *(["<END>"] if ends else [])])

    def _file(self, name: str, lines: Sequence[str]) -> str:
        file = self.folder / name
        file.write_text("\n".join([*lines, ""]))
        return str(file)

    async def is_known(self, order_id: str) -> bool:
        found = await newest_run(self.desk.client, workflow_id(order_id), within=QUICK)
        return found is not None

    async def result(self, order_id: str) -> PaymentView:
        handle: WorkflowHandle[CashierPayment, PaymentView]
        handle = self.desk.client.get_workflow_handle_for(
            CashierPayment.run, workflow_id(order_id)
        )
        return await handle.result()


@pytest.fixture
async def desk(dev_server: WorkflowEnvironment) -> Desk:
    """Each test has its own, so that no worker of another one polls there."""
    return await a_desk(dev_server)


@pytest.fixture
def office(desk: Desk, tmp_path: Path) -> Office:
    trust()  # of the worker of these tests
    settings = settings_in(tmp_path, alipays_key())
    given = {
        "CASHIER_CLIENT_ID": settings.client_id,
        "CASHIER_ALIPAY_KEYS_DIR": str(settings.alipay_keys_dir),
        "CASHIER_NOTIFY_URL": str(settings.notify_url),
        "CASHIER_API_KEYS_FILE": str(settings.api_keys_file),
    }
    return Office(desk, tmp_path, given)


def row(order_id: str, status: str = "paid", wallet: str = "GCASH") -> str:
    return f"{order_id},{status},131400,PHP,{wallet}"


def item(payment_request_id: str, status: str = "SUCCESS") -> str:
    paid = f"id-of-{payment_request_id},PAYMENT,1314.00,PHP"
    return f"{payment_request_id},{paid},{status}"


async def test_a_listed_order_that_is_not_here_is_asked_about_and_nothing_is_opened(
    office: Office,
) -> None:
    alipay = FakeAlipay(
        inquiries_of={1: [an_inquiry("SUCCESS")], 2: [an_inquiry("NOT_EXIST")]}
    )
    order_id = an_order_id()
    async with a_worker(office.desk, alipay):
        said = await office.recovers("--orders", office.orders(row(order_id)))
        result = await office.result(order_id)
    again = await office.recovers("--orders", office.orders(row(order_id)), "--dry-run")
    assert said.exit_code == 0, said.output
    assert f"{order_id}  BEGIN" in said.output
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["inquire", "inquire 2"]
    assert "1  NOTHING" in again.output


async def test_a_dry_run_begins_nothing_and_needs_no_worker(office: Office) -> None:
    order_id = an_order_id()
    lists = ("--orders", office.orders(row(order_id)))
    dry = await office.recovers(*lists, "--dry-run")
    wet = await office.recovers(*lists)
    assert dry.exit_code == 0
    assert f"{order_id}  BEGIN" in dry.output
    assert wet.exit_code == 3  # no worker would ask Alipay
    assert not await office.is_known(order_id)


async def test_what_is_here_is_left_alone_unless_alipay_lists_money_it_may_not_know(
    office: Office,
) -> None:
    order = await office.desk.begin()
    stopped = await office.desk.begin()
    handle = office.desk.client.get_workflow_handle(workflow_id(stopped.order_id))
    await handle.terminate()
    rows = office.orders(row(order.order_id), row(stopped.order_id))
    items = office.transactions(item(f"{order.order_id}_1"))
    by_shop = await office.recovers("--orders", rows, "--dry-run")
    by_alipay = await office.recovers("--transactions", items, "--dry-run")
    assert f"{order.order_id}  " not in by_shop.output
    assert f"{stopped.order_id}  RECOVER" in by_shop.output
    assert f"{order.order_id}  HINT" in by_alipay.output


async def test_an_order_that_ended_unpaid_here_and_is_listed_as_paid_is_asked_about(
    office: Office,
) -> None:
    """As after an old database was put back: the next attempt is not here."""
    alipay = FakeAlipay(
        pay=[a_page()],
        inquiries=[an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
        cancels=[a_cancel()],
    )
    async with a_worker(office.desk, alipay):
        order = await office.desk.begin()
        await office.desk.run(
            "payments", "cancel", order.order_id, "--reason", "sold out", "--by", "anna"
        )
        assert (await office.result(order.order_id)).outcome == "CANCELLED"
        for called, deed in (("cancelled", "NOTHING"), ("paid", "BEGIN")):
            rows = office.orders(row(order.order_id, called))
            said = await office.recovers("--orders", rows, "--dry-run")
            assert f"1  {deed}:" in said.output
        for attempt, deed in ((1, "LATE_MONEY"), (2, "BEGIN")):
            items = office.transactions(item(f"{order.order_id}_{attempt}"))
            said = await office.recovers("--transactions", items, "--dry-run")
            assert f"1  {deed}:" in said.output


async def test_alipays_file_names_the_attempts_and_what_was_paid(
    office: Office,
) -> None:
    alipay = FakeAlipay(
        inquiries_of={
            1: [an_inquiry("CANCELLED", payment_id="first")],
            2: [an_inquiry("SUCCESS")],
            3: [an_inquiry("NOT_EXIST")],
        }
    )
    order_id, unpaid = an_order_id(), an_order_id()
    items = office.transactions(
        item(f"{order_id}_2"), item(f"{unpaid}_1", "CLOSED"), item("of-another-system")
    )
    async with a_worker(office.desk, alipay):
        said = await office.recovers("--transactions", items)
        result = await office.result(order_id)
    assert said.exit_code == 0, said.output
    assert "1 payments have an id of another system" in said.output
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls[0] == "inquire 2"
    assert not await office.is_known(unpaid)


async def test_orders_are_begun_no_faster_than_it_is_said(office: Office) -> None:
    alipay = FakeAlipay(
        inquiries_of={1: [an_inquiry("SUCCESS")], 2: [an_inquiry("NOT_EXIST")]}
    )
    order_ids = [an_order_id() for _ in range(4)]
    async with a_worker(office.desk, alipay):
        began = time.monotonic()
        said = await office.recovers(
            "--orders", office.orders(*map(row, order_ids)), "--per-second", "5"
        )
        took = time.monotonic() - began
        for order_id in order_ids:
            await office.result(order_id)
    assert "4  BEGIN" in said.output
    assert took > 3 / 5


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row("one"), row("one", "unpaid")], "order one is listed twice"),
        ([row("one", wallet="G CASH")], "a wallet is Alipay's code"),
        ([row("one", "perhaps")], "a status must mean"),
        (["one,paid,13.14.00,PHP,GCASH"], "an amount is written as"),
    ],
)
async def test_a_list_that_is_not_understood_begins_nothing(
    office: Office, rows: list[str], words: str
) -> None:
    said = await office.recovers("--orders", office.orders(*rows))
    assert said.exit_code == 1
    assert words in said.output


async def test_a_file_of_alipays_that_is_cut_off_begins_nothing(
    office: Office,
) -> None:
    items = office.transactions(item(f"{an_order_id()}_1"), ends=False)
    said = await office.recovers("--transactions", items)
    assert said.exit_code == 1
    assert "may be cut off" in said.output


@pytest.mark.parametrize("words", [[], ["an-order", "--orders", "orders.csv"]])
async def test_an_order_or_lists_are_recovered_never_both(
    office: Office, words: list[str]
) -> None:
    said = await office.recovers(*words)
    assert said.exit_code == 2
    assert "give ORDER, or --orders and --transactions" in said.output


async def test_the_merchants_rules_come_from_the_settings_of_the_api(
    office: Office,
) -> None:
    office.settings.pop("CASHIER_NOTIFY_URL")
    said = await office.recovers("--orders", office.orders(row("one")))
    assert said.exit_code == 2
