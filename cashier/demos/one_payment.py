"""`cashier demo`: one GCash payment, its eight steps printed as they happen."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
from rich.console import Console
from rich.panel import Panel
from rich.text import Text
from temporalio.client import WorkflowHandle

from alipay.wallets import format_money
from cashier.system.home import Home
from cashier.system.part import PartFailedError
from cashier.system.ports import Ports
from cashier.system.processes import System, running_system
from cashier.system.stop_signals import STOPPED, until_stopped
from contracts import (
    PaymentNotified,
    PaymentView,
    payment_request_id,
    workflow_id,
)
from temporal_client import data_converter
from workflows.cashier_payment import CashierPayment

CURRENCY, VALUE = "PHP", 131400
# A notification takes a fraction of a second here; if a worker is killed meanwhile, as
# long as its restart.
PATIENCE_SECONDS = 60


async def take_demo_payment(console: Console, *, cluster: str | None = None) -> int:
    """Run the demo in a temporary folder until it is stopped; return the exit code.

    Args:
        console: Where the steps are printed.
        cluster: Address of a running Temporal; None starts one.
    """
    ended = await until_stopped(_take_payment(console, cluster))
    return STOPPED if ended is None else ended


async def _take_payment(console: Console, cluster: str | None) -> int:
    began = monotonic()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="cashier-demo-") as folder,
            console.status("Starting") as status,
        ):
            async with running_system(
                Home(Path(folder)),
                Ports.free(),
                keep=False,
                cluster=cluster,
                tell=status.update,
            ) as system:
                console.print(
                    "Temporal, simulator, API and worker are up "
                    f"({monotonic() - began:.1f} s).\n"
                )
                async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
                    await Demo(console, system, http).run()
    except (PartFailedError, httpx.HTTPError) as error:
        console.print(f"[red]The demo failed:[/] {error}", highlight=False)
        return 1
    console.print(
        f"\nDone in {monotonic() - began:.1f} s. To keep it all open, with this page "
        "in the Temporal UI and a\ncashier to click through: [bold]make up[/]"
    )
    return 0


class Demo:
    """The shop and its customer, as a script."""

    def __init__(
        self, console: Console, system: System, http: httpx.AsyncClient
    ) -> None:
        self._console = console
        self._system = system
        self._http = http
        self._order_id = f"coffee-{uuid4().hex[:8]}"

    async def run(self) -> None:
        order_id, ports = self._order_id, self._system.ports
        request_id = payment_request_id(order_id, 1)
        price = format_money(CURRENCY, VALUE)

        with self._step(1, "The customer picks goods and a wallet"):
            self._say(f"Two cups of coffee for {price}, order {order_id}, with GCash")
        with self._step(2, "The merchant asks Alipay to take the payment"):
            opened = await self._take_payment()
            call = await self._call_at_alipay(request_id)
            self._wire(f"POST {call['path']}", call["headers"], call["body"])
        with self._step(3, "Alipay returns the wallet's cashier URL"):
            self._say(opened["cashier"]["url"])
            self._say(f"payable until {_clock(opened['expires_at'])}")
        with self._step(4, "The merchant redirects the customer to the cashier"):
            page = await self._http.get(opened["cashier"]["url"])
            page.raise_for_status()
            self._say(f"HTTP {page.status_code}, a page over {price}")
        with self._step(5, "The customer pays in the wallet"):
            paid = await self._http.post(f"{opened['cashier']['url']}/pay")
            self._say("Pay is pressed")
        with self._step(6, "The customer comes back to the shop"):
            self._say(f"HTTP {paid.status_code} to {paid.headers['location']}")
            self._say(
                "which does not prove the payment: the shop asks its own back end"
            )
        with self._step(7, "The wallet notifies Alipay"):
            settled = f"{ports.simulator_url}/control/settle"
            (await self._http.post(settled)).raise_for_status()
            self._say(f"the simulator's ledger: {await self._ledger()}")
        with self._step(8, "Alipay notifies the merchant"):
            result = await self._result()
            await self._show_notification()
        self._verdict(result)

    async def _take_payment(self) -> Any:  # noqa: ANN401 - JSON
        key = self._system.home.api_key.read_text()
        answer = await self._http.post(
            f"{self._system.ports.api_url}/payments",
            headers={"Authorization": f"Bearer {key}"},
            json={
                "order_id": self._order_id,
                "amount": {"currency": CURRENCY, "value": VALUE},
                "wallet": "GCASH",
                "description": "Two cups of coffee",
                "redirect_url": f"https://shop.example/return/{self._order_id}",
                "terminal": {"type": "WEB"},
            },
        )
        answer.raise_for_status()
        self._say(f"POST {self._system.ports.api_url}/payments")
        return answer.json()

    async def _call_at_alipay(self, request_id: str) -> Any:  # noqa: ANN401 - JSON
        calls = (await self._control("calls"))["calls"]
        return next(call for call in calls if call["payment_request_id"] == request_id)

    async def _ledger(self) -> str:
        entries = (await self._control("ledger"))["entries"]
        return ", ".join(
            f"{entry['kind']} {format_money(entry['currency'], entry['value'])} "
            f"for {entry['payment_request_id']}"
            for entry in entries
        )

    async def _control(self, what: str) -> Any:  # noqa: ANN401 - JSON
        url = f"{self._system.ports.simulator_url}/control/{what}"
        answer = await self._http.get(url)
        answer.raise_for_status()
        return answer.json()

    async def _result(self) -> PaymentView:
        handle = await self._payment()
        return await handle.result(rpc_timeout=timedelta(seconds=PATIENCE_SECONDS))

    async def _payment(self) -> WorkflowHandle[CashierPayment, PaymentView]:
        client = await self._system.client()
        return client.get_workflow_handle_for(
            CashierPayment.run, workflow_id(self._order_id)
        )

    async def _show_notification(self) -> None:
        """Show the notification as the history records it: headers and raw body."""
        converter = data_converter(self._system.home.keyring)
        async for event in (await self._payment()).fetch_history_events():
            signal = event.workflow_execution_signaled_event_attributes
            if signal.signal_name == "payment_notified":
                [kept] = await converter.decode(
                    signal.input.payloads, [PaymentNotified]
                )
                evidence = kept.evidence
                headers = {
                    "client-id": evidence.client_id,
                    "request-time": evidence.time,
                    "signature": evidence.signature,
                }
                self._wire(f"{evidence.method} {evidence.path}", headers, evidence.body)
                return

    @contextmanager
    def _step(self, number: int, title: str) -> Iterator[None]:
        began = monotonic()
        self._console.print(f"[bold cyan]{number}[/]  [bold]{title}[/]")
        yield
        milliseconds = (monotonic() - began) * 1000
        self._console.print(f"   [dim]{milliseconds:.0f} ms[/]\n", highlight=False)

    def _say(self, words: str) -> None:
        self._console.print(f"   {words}", highlight=False, soft_wrap=True)

    def _wire(self, line: str, headers: dict[str, str], body: str) -> None:
        """Show a message as it was transferred, with long values shortened."""
        text = Text(line, style="bold")
        for name, value in headers.items():
            text.append(f"\n{name}: {_shortened(value)}", style="not bold green")
        text.append(f"\n\n{_pretty(body)}", style="not bold")
        self._console.print(Panel(text, border_style="dim"))

    def _verdict(self, result: PaymentView) -> None:
        took = ""
        if result.started_at and result.closed_at:
            seconds = (result.closed_at - result.started_at).total_seconds()
            took = f" after {seconds:.1f} s"
        name = workflow_id(self._order_id)
        link = self._system.payment_link(name)
        self._console.print(
            f"[bold green]{result.outcome}[/]: order {self._order_id}{took}, "
            f"paid at {result.paid_at}\n"
            + (
                f"In the Temporal UI (while the demo runs): {link}"
                if link
                else f"At {self._system.temporal_address}, as workflow {name}"
            ),
            highlight=False,
            soft_wrap=True,
        )


def _clock(time: str) -> str:
    return f"{datetime.fromisoformat(time):%H:%M:%S} UTC"


def _pretty(body: str) -> str:
    return json.dumps(json.loads(body), indent=1)


def _shortened(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:40]}... ({len(value)} characters)"
