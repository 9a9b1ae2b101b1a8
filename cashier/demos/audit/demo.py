"""`cashier audit-demo`: payments are made, exported, verified, and tampered with."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from audit.bundle.export import export_bundle
from audit.bundle.manifest import Selection
from audit.bundle.reading import Bundle
from audit.bundle.signing_keys import load_private, make_pair
from audit.findings import Rule
from cashier.demos.audit.forging import Forgery
from cashier.demos.audit.judging import Judgement, in_words, judge
from cashier.demos.audit.kinds import later, make_payments, planned
from cashier.demos.audit.makers import CLOCK_FACTOR, SECOND_PERSON_ABOVE, Maker
from cashier.demos.audit.proving import AuditFailedError, Auditor, auditor_of
from cashier.demos.audit.shop import Callbacks
from cashier.demos.audit.tampering import Tampering, other_code
from cashier.demos.audit.tamperings import TAMPERINGS
from cashier.system.home import Home
from cashier.system.part import PartFailedError
from cashier.system.ports import Ports
from cashier.system.processes import System, running_system
from cashier.system.stop_signals import STOPPED, until_stopped
from codec.payload_codec import EncryptingCodec

PAYMENTS = 200
# The payments of the second bundle, which is chained to the first.
NEXT = 10
SECOND = timedelta(seconds=1)


class AuditDemo:
    """The demonstration: its steps in order, in a temporary folder."""

    def __init__(
        self,
        console: Console,
        folder: Path,
        *,
        payments: int,
        slow: bool,
        ports: Ports | None = None,
    ) -> None:
        self._console = console
        self._folder = folder
        self._payments = payments
        self._slow = slow
        self._ports = ports or Ports.free()
        self._home = Home(folder / "home")
        self._private, self._public = make_pair(folder / "bundle-keys")
        self.bundle, self.next_bundle = folder / "day-1", folder / "day-2"
        self.report = folder / "report.html"

    async def run(self) -> bool:
        """Run it; return whether all were proven and every tampering was found."""
        await self._make_and_export()
        self._say("Temporal, its database, the API and the worker are gone.")
        auditor = auditor_of(self._home, self._public, self._folder / "auditor")
        if not await self._prove(auditor):
            return False
        return await self._tamper(auditor)

    # ---- making and exporting ----

    async def _make_and_export(self) -> None:
        began = datetime.now(UTC)
        async with self._running() as (system, callbacks):
            async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
                maker = Maker(system, http, callbacks)
                count = self._payments - NEXT
                with self._console.status("") as status:
                    plan, done = planned(count, slow=self._slow), 0

                    def advance() -> None:
                        nonlocal done
                        done += 1
                        status.update(f"{done} of {self._payments} payments are made")

                    await make_payments(maker, plan, advance)
                    # The list has whole seconds: the next second is the first of the
                    # next day.
                    midnight = datetime.now(UTC).replace(microsecond=0) + SECOND
                    await make_payments(maker, later(NEXT), advance)
            client = await system.client()
            await self._export(client, self.bundle, began, midnight)
            await self._export(client, self.next_bundle, midnight, None)
        self._home.database.unlink(missing_ok=True)

    async def _export(
        self,
        client: Client,
        folder: Path,
        since: datetime,
        before: datetime | None,
    ) -> None:
        previous = self.bundle if folder == self.next_bundle else None
        exported = await export_bundle(
            client,
            folder,
            # The last bundle includes open workflows: owners of refunds stay open.
            Selection(since=since, before=before, include_open=before is None),
            codec=EncryptingCodec(self._home.keyring),
            key=load_private(self._private),
            previous=previous,
        )
        chained = f", chained to {previous.name}" if previous else ""
        self._say(
            f"{folder.name}: {exported.manifest.histories} histories, signed{chained}"
        )

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[tuple[System, Callbacks]]:
        self._home.prepare()
        callbacks = Callbacks()
        async with callbacks.listening() as door:
            settings = {
                "CASHIER_CALLBACK_URL": door,
                "CASHIER_CALLBACK_SECRETS_FILE": str(self._home.callback_secrets),
                "CASHIER_SECOND_PERSON_ABOVE": f'{{"PHP": {SECOND_PERSON_ABOVE}}}',
                "SIMULATOR_CLOCK_FACTOR": str(CLOCK_FACTOR),
            }
            with self._console.status("Starting") as status:
                async with running_system(
                    self._home,
                    self._ports,
                    keep=True,
                    settings=settings,
                    tell=status.update,
                ) as system:
                    status.stop()
                    self._say(
                        f"Making {self._payments} payments of all kinds, encrypted ..."
                    )
                    yield system, callbacks

    # ---- proving ----

    async def _prove(self, auditor: Auditor) -> bool:
        both = (self.bundle, self.next_bundle)
        for bundles in ((self.bundle,), (self.next_bundle,), both):
            name = " and ".join(bundle.name for bundle in bundles)
            with self._console.status(f"Verifying {name}"):
                verified = await auditor.verify(
                    *bundles,
                    report=self.report if bundles == (self.bundle,) else None,
                    processes=os.cpu_count() or 1,
                )
            outcomes = ", ".join(
                f"{count} {name}"
                for name, count in sorted(verified.whole["outcomes"].items())
            )
            total = verified.whole["histories"]
            self._say(f"{name}: {total} histories ({outcomes})")
            if not verified.is_proven:
                for finding in verified.findings:
                    self._say(f"  {in_words(finding)}", style="red")
                self._say("Not all of it is proven.", style="red")
                return False
        self._say("All proven, without a server.", style="green")
        return True

    # ---- tampering ----

    async def _tamper(self, auditor: Auditor) -> bool:
        table = Table(title="Tampering, one change at a time", title_justify="left")
        for column in ("Change", "Found as", "Rest"):
            table.add_column(column)
        turnstile = asyncio.Semaphore(os.cpu_count() or 1)

        async def one(trial: Awaitable[Judgement]) -> Judgement:
            async with turnstile:
                return await trial

        trials = [self._try(auditor, *one) for one in enumerate(TAMPERINGS, start=1)]
        trials.append(self._try_other_code(auditor))
        with self._console.status(f"Tampering, {len(trials)} times"):
            judgements = await asyncio.gather(*map(one, trials))
        for judgement in judgements:
            table.add_row(judgement.words, judgement.found, judgement.rest)
        self._console.print(table)
        missed = sum(not judgement.is_good for judgement in judgements)
        if missed:
            self._say(f"{missed} of them were MISSED.", style="red")
        else:
            self._say(
                f"All {len(trials)} were found and named, and everything unchanged is "
                "still proven.",
                style="green",
            )
        return not missed

    async def _try(
        self, auditor: Auditor, number: int, tampering: Tampering
    ) -> Judgement:
        # A folder for each tampering, in which bundles keep their names.
        place = self._folder / f"tampered-{number}"
        place.mkdir()
        original = self.next_bundle if tampering.of_next else self.bundle
        forgery = Forgery(
            original,
            place / original.name,
            self._home.keyring,
            load_private(self._private),
        )
        await tampering.change(forgery)
        if tampering.of_next:
            verified = await auditor.verify(self.bundle, forgery.folder)
        elif tampering.together:
            verified = await auditor.verify(forgery.folder, self.next_bundle)
        elif tampering.in_next:
            verified = await auditor.verify(self.next_bundle, previous=forgery.folder)
        else:
            verified = await auditor.verify(forgery.folder)
        return judge(verified, tampering.words, tampering.rule, forgery.touched)

    async def _try_other_code(self, auditor: Auditor) -> Judgement:
        code = other_code(self._folder)
        verified = await auditor.verify(self.bundle, code=code)
        # Exactly the payments under review are now PAID.
        reviewed = {
            entry.workflow_id
            for entry in Bundle.open(self.bundle).entries()
            if entry.order_id.startswith(("audit-review-", "audit-two-"))
        }
        words = "the code accepts any amount"
        return judge(verified, words, Rule.REPLAY, reviewed)

    def _say(self, text: str, *, style: str | None = None) -> None:
        self._console.print(text, style=style, markup=False, highlight=False)


async def show_audit(
    console: Console,
    *,
    payments: int = PAYMENTS,
    report: Path | None = None,
    ports: Ports | None = None,
) -> int:
    """Run the demonstration; return the exit code.

    Args:
        console: Where it is printed.
        payments: How many payments are made.
        report: Where the report of the first bundle is kept; None keeps none.
        ports: Where its processes listen; None for free ports.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="cashier-audit-") as folder:
            demo = AuditDemo(
                console, Path(folder), payments=payments, slow=True, ports=ports
            )
            is_good = await until_stopped(demo.run())
            if is_good is None:
                return STOPPED
            if report:
                report.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(demo.report, report)
                console.print(f"The report: {report}", highlight=False)
    except (PartFailedError, AuditFailedError, TimeoutError, httpx.HTTPError) as error:
        console.print(f"[red]The demo failed:[/] {error!r}", highlight=False)
        return 1
    return 0 if is_good else 1
