"""`cashier recover --orders`: restarts the orders that Temporal has lost."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from temporalio.client import Client

from api.merchant_rules import MerchantRules
from api.payments.lost_orders import Deed, LostOrder, LostOrders
from api.payments.recovery import RecoveryRequest
from api.problems import Problem, UnavailableProblem
from cashier.payments.reading import check_worker
from cashier.payments.recovery.lost_list import read_lost_orders
from cashier.printing import print_line
from cashier.temporal_calls import UnreachableError, printable
from contracts import TASK_QUEUE
from visibility.stopped import UnreadableRunError

# More than a person reads at once.
ROWS_FOR_PEOPLE: Final = 200
_IN_WORDS: Final = {
    Deed.NOTHING: "known here, left unchanged",
    Deed.BEGIN: "unknown here, or unpaid here and paid in a list: Alipay is asked",
    Deed.HINT: "open here, and paid by Alipay's file: Alipay is asked now",
    Deed.RECOVER: "stopped from outside: continues in a new run",
    Deed.LATE_MONEY: "paid, but closed unpaid here: handled as late money",
}


@dataclass(frozen=True)
class Lists:
    """The lists to recover from, and how.

    Attributes:
        orders: The shop's list of orders; None where there is none.
        transactions: Alipay's transaction files.
        per_second: The most orders that are started in a second.
        dry_run: Whether only to print what would be done.
    """

    orders: Path | None
    transactions: Sequence[Path]
    per_second: float
    dry_run: bool


async def recover_lost(
    client: Client,
    console: Console,
    lists: Lists,
    rules: MerchantRules,
    request: RecoveryRequest,
) -> int:
    """Look up each order of the lists, and start the missing workflows.

    A repeat does only the rest. Returns the exit code: 0 done; 1 some orders cannot be
    read, and are named.

    Raises:
        CommandError: A list cannot be read, or Temporal or the worker does not answer.
    """
    lost, notes = read_lost_orders(lists.orders, lists.transactions)
    for note in notes:
        console.print(note, markup=False, highlight=False)
    if not lists.dry_run:
        await check_worker(client, TASK_QUEUE)
    recovery = _Recovery(LostOrders(client, rules, request), console, lists)
    for one in lost:
        await recovery.see_to(one)
    return recovery.report()


class _Recovery:
    """Goes through the orders at a limited rate, and counts its actions."""

    def __init__(self, orders: LostOrders, console: Console, lists: Lists) -> None:
        self._orders = orders
        self._console = console
        self._lists = lists
        self._counts: Counter[Deed] = Counter()
        self._failed: dict[str, str] = {}
        self._free_at = 0.0

    async def see_to(self, lost: LostOrder) -> None:
        """Recover one order, if needed.

        Raises:
            UnreachableError: Temporal or the worker does not answer.
        """
        try:
            deed = await self._orders.deed_for(lost)
            if deed is not Deed.NOTHING and not self._lists.dry_run:
                await self._wait_for_turn()
                # Otherwise another process has started it since the look-up.
                deed = deed if await self._orders.do(lost, deed) else Deed.NOTHING
        except UnavailableProblem as problem:
            raise UnreachableError(
                f"order {lost.order_id}: {problem}. Nothing is lost: run the command "
                "again"
            ) from problem
        except (Problem, UnreadableRunError) as problem:
            self._failed[lost.order_id] = printable(str(problem))
            return
        self._counts[deed] += 1
        begun = sum(self._counts.values()) - self._counts[Deed.NOTHING]
        if deed is not Deed.NOTHING and begun <= ROWS_FOR_PEOPLE:
            self._say(f"{lost.order_id}  {deed}")

    async def _wait_for_turn(self) -> None:
        now = asyncio.get_running_loop().time()
        start = max(now, self._free_at)
        self._free_at = start + 1 / self._lists.per_second
        await asyncio.sleep(start - now)

    def report(self) -> int:
        """Print a summary; return the exit code."""
        if self._lists.dry_run:
            self._say("Nothing was done (--dry-run). It would be:")
        for deed, words in _IN_WORDS.items():
            if number := self._counts[deed]:
                self._say(f"{number:>8}  {deed}: {words}")
        for order_id, why in self._failed.items():
            self._say(f"Not recovered: {order_id}: {why}. Look its money up at Alipay")
        if not self._counts and not self._failed:
            self._say("The lists name no order.")
        return 1 if self._failed else 0

    def _say(self, line: str) -> None:
        print_line(self._console, line)
