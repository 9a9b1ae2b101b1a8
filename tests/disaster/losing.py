"""A shop whose Temporal loses its database, or gets an old one put back."""

import asyncio
import csv
import shutil
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
from temporalio.client import WithStartWorkflowOperation
from temporalio.common import WorkflowIDConflictPolicy

from cashier.system.environment import bare_environment
from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.processes import running_system
from contracts import (
    RELEASE,
    TASK_QUEUE,
    Money,
    RefundRequest,
    RefundsInput,
    RefundsView,
    payment_request_id,
    refunds_id,
)
from tests.upgrade.shopping import Shop
from tests.upgrade.telling import Callbacks, listening_shop
from visibility import Listed, attributes_of
from workflows.order_refunds import OrderRefunds

PRICE = Money(currency="PHP", value=131400)
TRANSACTIONS = (
    "transactionType",
    "transactionRequestId",
    "transactionId",
    "transactionAmountValue",
    "transactionCurrency",
    "status",
)


class LosingShop(Shop):
    """A shop that asks for refunds, keeps a list, and has what was lost recovered."""

    def __init__(self, premises: "Premises", *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._premises = premises

    async def cancels_at_last(self, order_id: str) -> None:
        """Cancel, and wait until the run has closed: the next one can begin."""
        await self.cancels(order_id)
        await self.result(order_id)

    async def asks_for_a_refund(
        self, order_id: str, refund_id: str, value: int
    ) -> RefundsView:
        """Do what the API does: update with start."""
        given = RefundsInput(
            order_id=order_id,
            payment_request_id=payment_request_id(order_id, 1),
            wallet="GCASH",
            paid=PRICE,
            release=RELEASE,
            tells_shop=True,
        )
        operation = WithStartWorkflowOperation(
            OrderRefunds.run,
            given,
            id=refunds_id(order_id),
            task_queue=TASK_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes_of(
                order_id=order_id, amount=PRICE, wallet="GCASH", status=Listed.REFUNDS
            ),
        )
        amount = Money(currency=PRICE.currency, value=value)
        client = await self.system.client()
        return await client.execute_update_with_start_workflow(
            OrderRefunds.refund,  # type: ignore[arg-type]
            RefundRequest(refund_id=refund_id, amount=amount, by="shop-key"),
            start_workflow_operation=operation,
            id=uuid4().hex,
        )

    async def lists(self, **called: Iterable[str]) -> Path:
        """Write the shop's own list of orders: for each word those it calls so."""
        rows = [
            (order_id, word, PRICE.value, PRICE.currency, "GCASH")
            for word, order_ids in called.items()
            for order_id in order_ids
        ]
        names = ("order_id", "status", "amount_minor", "currency", "wallet")
        return _written(self._premises.home.folder / "orders.csv", [names, *rows])

    async def takes_alipays_file(self) -> Path:
        """Write Alipay's transaction file, from what the simulator's ledger says."""
        rows = [
            (
                "PAYMENT" if entry["kind"] == "CHARGE" else "REFUND",
                entry["payment_request_id"],
                f"at-alipay-{number}",
                f"{PRICE.value / 100:.2f}",
                PRICE.currency,
                "SUCCESS",
            )
            for number, entry in enumerate((await self.control("ledger"))["entries"])
            if entry["kind"] == "CHARGE"
        ]
        file = self._premises.home.folder / "transactions.csv"
        return _written(file, [TRANSACTIONS, *rows, ("<END>",)])

    async def recovers(self, *options: str) -> str:
        """Run `cashier recover` with the API's settings; return what it prints."""
        words = ("--reason", "the database", "--by", "anna", "--per-second", "50")
        return await self._runs("recover", *options, *words)

    async def audits(self) -> str:
        """Take the payments that have ended as a bundle, and prove them."""
        bundle = str(self._premises.home.folder / "bundle")
        payments = 'WorkflowType = "CashierPayment"'
        await self._runs("audit", "export", bundle, "--query", payments)
        return await self._runs("audit", "verify", bundle, "--unsigned")

    async def _runs(self, *words: str) -> str:
        """Run a command with the API's settings; return what it prints."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cashier", *words),
            cwd=self._premises.home.empty_folder,
            env=self._premises.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()


@dataclass
class Premises:
    """What survives Temporal's database: keys, Alipay, and what the shop was told."""

    home: Home
    ports: Ports
    callbacks: Callbacks

    @property
    def settings(self) -> dict[str, str]:
        """Have the worker tell the shop."""
        return {
            "CASHIER_CALLBACK_URL": self.callbacks.url,
            "CASHIER_CALLBACK_SECRETS_FILE": str(self.home.callback_secrets),
        }

    @property
    def environment(self) -> dict[str, str]:
        return {
            **bare_environment(self.home.empty_folder),
            **self.home.environment(self.ports),
            **self.settings,
        }

    @asynccontextmanager
    async def open(self) -> AsyncIterator[LosingShop]:
        """Run everything on the database that is there; a new one if there is none."""
        async with (
            running_system(
                self.home, self.ports, keep=True, settings=self.settings
            ) as system,
            httpx.AsyncClient(timeout=30) as http,
        ):
            yield LosingShop(self, system, http, self.callbacks)

    def lose_the_database(self) -> None:
        for file in self._files(self.home.folder):
            file.unlink()

    def back_up(self, folder: Path) -> None:
        folder.mkdir()
        for file in self._files(self.home.folder):
            shutil.copy2(file, folder)

    def put_back(self, folder: Path) -> None:
        self.lose_the_database()
        for file in self._files(folder):
            shutil.copy2(file, self.home.folder)

    def _files(self, folder: Path) -> list[Path]:
        found = [*folder.glob(f"{self.home.database.name}*")]
        assert found
        return found


@asynccontextmanager
async def premises(folder: Path) -> AsyncIterator[Premises]:
    async with listening_shop() as callbacks:
        yield Premises(Home(folder), Ports.free(), callbacks)


def _written(file: Path, rows: Iterable[Iterable[object]]) -> Path:
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return file
