"""The commands; what each does stands in a module of its own."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from cashier import operator_commands
from cashier.access import api_key_commands, commands as access_commands
from cashier.audit import commands as audit_commands
from cashier.payments import commands as payment_commands
from cashier.running import errors, leave, read_settings

# Imports of the parts stand inside the commands: each process loads only its own.

app = typer.Typer(
    help="Take payments with digital wallets, each a durable workflow.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(operator_commands.app)
app.add_typer(payment_commands.payments, name="payments")
app.add_typer(payment_commands.callbacks, name="callbacks")
app.add_typer(access_commands.app)
app.add_typer(api_key_commands.app, name="api-keys")
app.add_typer(audit_commands.app, name="audit")


@app.command()
def demo() -> None:
    """Take one GCash payment end to end and print its eight steps."""
    from cashier.demos.one_payment import take_demo_payment

    sys.exit(asyncio.run(take_demo_payment(Console())))


@app.command()
def up(
    folder: Annotated[
        Path, typer.Option(help="Where keys, payments and logs are kept")
    ] = Path(".cashier"),
    api_port: int = 8080,
    simulator_port: int = 8081,
    temporal_port: int = 7233,
    ui_port: int = 8233,
    codec_port: int = 8082,
    metrics_port: int = 9464,
    api_metrics_port: int = 9465,
    shop_port: int = 8000,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A setting of all parts"),
    ] = None,
) -> None:
    """Keep everything running until Ctrl-C; payments survive a restart.

    The parts take no setting from the environment or from `.env`: give it by --set.
    """
    from cashier.system.environment import read_assignments
    from cashier.system.home import Ports
    from cashier.system.up import keep_running

    ports = Ports(
        api_port,
        simulator_port,
        temporal_port,
        ui_port,
        codec_port,
        metrics=metrics_port,
        api_metrics=api_metrics_port,
        shop=shop_port,
    )
    try:
        settings = read_assignments(assignments or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from None
    sys.exit(asyncio.run(keep_running(Console(), folder, ports, settings)))


@app.command()
def prepare(
    folder: Annotated[
        Path, typer.Argument(help="Where keys, payments and logs will be kept")
    ] = Path(".cashier"),
) -> None:
    """Make the keys that a local system needs, as `up` does; existing ones stay."""
    from cashier.system.home import Home

    Home(folder).prepare()
    Console().print(f"{folder} is prepared")


@app.command()
def worker() -> None:
    """Run the worker; it serves payments until SIGTERM."""
    from settings import WorkerSettings
    from telemetry.logs import start_logging
    from worker import run_worker

    settings = read_settings(WorkerSettings)
    start_logging("worker")
    asyncio.run(run_worker(settings))
    leave()


@app.command()
def api() -> None:
    """Run the HTTP API for storefronts and for Alipay's notifications."""
    from api.server import serve_api
    from settings import ApiSettings
    from telemetry.logs import start_logging

    settings = read_settings(ApiSettings)
    start_logging("api")
    asyncio.run(serve_api(settings))
    leave()


@app.command()
def simulator() -> None:
    """Run the simulator: Alipay and the wallets, offline."""
    from simulator.app import create_app
    from simulator.settings import SimulatorSettings
    from telemetry.access import AccessLog
    from telemetry.logs import start_logging

    settings = read_settings(SimulatorSettings)
    start_logging("simulator")
    uvicorn.run(
        AccessLog(create_app(settings.to_config())),
        host=settings.host,
        port=settings.port,
        log_config=None,
        log_level="warning",
        access_log=False,
    )


@app.command()
def storefront() -> None:
    """Run the demo shop, which takes its payments by the API."""
    from storefront.server import serve_storefront
    from storefront.settings import StorefrontSettings
    from telemetry.access import AccessLog
    from telemetry.logs import start_logging

    settings = read_settings(StorefrontSettings)
    start_logging("storefront")
    asyncio.run(serve_storefront(settings, around=AccessLog))


@app.command()
def keys(
    folder: Annotated[Path, typer.Argument(help="Where the new key files go")],
) -> None:
    """Make a key pair and an API key; print what Alipay's dashboard wants to have."""
    from cashier.system.keys import make_keys

    try:
        make_keys(folder, Console())
    except FileExistsError as error:
        errors.print(f"{error.filename} exists already; nothing was changed")
        sys.exit(2)


@app.command()
def contracts() -> None:
    """Print the contracts as JSON, for storefronts that start payments by name."""
    from cashier.contracts_json import contracts_json

    sys.stdout.write(contracts_json())
