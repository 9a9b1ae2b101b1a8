"""The commands of the demonstrations: their names and options."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cashier.given import as_given, port_as_given
from cashier.running import leave

if TYPE_CHECKING:
    from cashier.system.ports import Ports

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer()

Port = Annotated[int, typer.Option(callback=port_as_given)]
FreePort = Annotated[
    int | None,
    typer.Option(
        callback=lambda port: port if port is None else port_as_given(port),
        help="A free port if not given",
        show_default=False,
    ),
]


def ports_given(*given: int | None) -> "Ports":
    """Return the ports of a local system, in the order of `Ports`.

    Args:
        given: The numbers; None for a free port.

    Raises:
        typer.BadParameter: One is given twice.
    """
    from cashier.system.ports import Ports, free_port

    ports = Ports(*(free_port() if one is None else one for one in given))
    if same := ports.given_twice():
        raise typer.BadParameter(f"{same} is given twice: each part needs its own port")
    return ports


@app.command("stuck-demo")
def stuck_demo(
    api_port: Port = 8080,
    simulator_port: Port = 8081,
    temporal_port: Port = 7233,
    ui_port: Port = 8233,
    codec_port: Port = 8082,
    metrics_port: Port = 9464,
    api_metrics_port: Port = 9465,
    shop_port: Port = 8000,
) -> None:
    """Make a payment or refund of each stuck kind, to look at in the Temporal UI."""
    from cashier.demos.stuck import show_stuck_payments

    ports = ports_given(
        *(api_port, simulator_port, temporal_port, ui_port, codec_port),
        *(metrics_port, api_metrics_port, shop_port),
    )
    leave(asyncio.run(show_stuck_payments(Console(), ports)))


@app.command("audit-demo")
def audit_demo(
    payments: Annotated[
        int, typer.Option(help="How many payments are made", min=30)
    ] = 200,
    report: Annotated[
        Path | None,
        typer.Option(callback=as_given, help="Write the HTML report here"),
    ] = None,
    api_port: FreePort = None,
    simulator_port: FreePort = None,
    temporal_port: FreePort = None,
    ui_port: FreePort = None,
    codec_port: FreePort = None,
    metrics_port: FreePort = None,
    api_metrics_port: FreePort = None,
    shop_port: FreePort = None,
) -> None:
    """Make payments of all kinds, verify them without a server, and tamper with them.

    Exit code: 0 all are proven and every tampering is found; 1 otherwise.
    """
    from cashier.demos.audit.demo import show_audit

    ports = ports_given(
        *(api_port, simulator_port, temporal_port, ui_port, codec_port),
        *(metrics_port, api_metrics_port, shop_port),
    )
    shown = show_audit(Console(), payments=payments, report=report, ports=ports)
    leave(asyncio.run(shown))
