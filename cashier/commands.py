"""The commands: their names and options; each calls a module of its own."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cashier.access import api_key_commands, commands as access_commands
from cashier.audit import commands as audit_commands
from cashier.demos import commands as demo_commands
from cashier.demos.commands import Port, ports_given
from cashier.doctor import commands as doctor_commands
from cashier.given import address_as_given, as_given
from cashier.payments import commands as payment_commands
from cashier.payments.recovery import commands as recovery_commands
from cashier.refunds import commands as refund_commands
from cashier.releases import commands as release_commands
from cashier.running import errors, leave, read_settings
from cashier.stuck import commands as stuck_commands

# Imports of the parts stand inside the commands: each process loads only its own.

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(stuck_commands.app)
app.add_typer(doctor_commands.app)
app.add_typer(payment_commands.payments, name="payments")
app.add_typer(refund_commands.refunds, name="refunds")
app.add_typer(payment_commands.callbacks, name="callbacks")
app.add_typer(recovery_commands.app)
app.add_typer(release_commands.app, name="releases")
app.add_typer(access_commands.app)
app.add_typer(api_key_commands.app, name="api-keys")
app.add_typer(audit_commands.app, name="audit")
app.add_typer(demo_commands.app)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        from version import VERSION

        sys.stdout.write(f"cashier {VERSION}\n")
        raise typer.Exit


@app.callback()
def cashier(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version, which names the release of payments",
        ),
    ] = False,
) -> None:
    """Take payments with digital wallets, each a durable workflow."""


Cluster = Annotated[
    str | None,
    typer.Option(
        "--temporal",
        metavar="HOST:PORT",
        callback=address_as_given,
        help="A running Temporal cluster, set up before; if not given, starts its own",
    ),
]


@app.command()
def demo(temporal: Cluster = None) -> None:
    """Take one GCash payment end to end and print its eight steps."""
    from cashier.demos.one_payment import take_demo_payment

    sys.exit(asyncio.run(take_demo_payment(Console(), cluster=temporal)))


@app.command()
def up(
    folder: Annotated[
        Path,
        typer.Option(callback=as_given, help="Where keys, payments and logs are kept"),
    ] = Path(".cashier"),
    api_port: Port = 8080,
    simulator_port: Port = 8081,
    temporal_port: Port = 7233,
    ui_port: Port = 8233,
    codec_port: Port = 8082,
    metrics_port: Port = 9464,
    api_metrics_port: Port = 9465,
    shop_port: Port = 8000,
    temporal: Cluster = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A setting of all processes, NAME=VALUE"
        ),
    ] = None,
) -> None:
    """Keep everything running until Ctrl-C; payments survive a restart.

    The processes take no setting from the environment or from `.env`: use --set.
    """
    from cashier.system.environment import read_assignments
    from cashier.system.up import keep_running

    ports = ports_given(
        *(api_port, simulator_port, temporal_port, ui_port, codec_port),
        *(metrics_port, api_metrics_port, shop_port),
    )
    try:
        settings = read_assignments(assignments or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--set") from None
    kept = keep_running(Console(), folder, ports, settings, cluster=temporal)
    sys.exit(asyncio.run(kept))


@app.command()
def prepare(
    folder: Annotated[
        Path,
        typer.Argument(
            callback=as_given, help="Where keys, payments and logs will be kept"
        ),
    ] = Path(".cashier"),
) -> None:
    """Make the keys that a local system needs, as `up` does; existing keys stay."""
    from cashier.system.home import Home

    Home(folder).prepare()
    Console().print(f"{folder} is prepared")


@app.command()
def worker() -> None:
    """Run the worker; it serves payments until SIGTERM.

    Exit code: 0 stopped by a signal; 2 a setting is wrong; 3 Temporal cannot be
    reached.
    """
    from cashier.temporal_calls import check_namespace, run_command
    from settings.worker import WorkerSettings
    from telemetry.logs import start_logging
    from worker import run_worker

    settings = read_settings(WorkerSettings)
    # A worker that cannot reach Temporal ends; so it ends with a message that says why.
    if code := run_command(check_namespace):
        raise typer.Exit(code)
    start_logging("worker")
    asyncio.run(run_worker(settings))
    leave()


@app.command()
def api() -> None:
    """Run the HTTP API for storefronts and for Alipay's notifications."""
    from api.server import serve_api
    from api.settings import ApiSettings
    from telemetry.logs import start_logging

    settings = read_settings(ApiSettings)
    start_logging("api")
    asyncio.run(serve_api(settings))
    leave()


@app.command()
def simulator() -> None:
    """Run the simulator: Alipay and the wallets, offline."""
    from http_server.serving import run
    from simulator.app import create_app
    from simulator.settings import SimulatorSettings
    from telemetry.access import AccessLog
    from telemetry.logs import start_logging

    settings = read_settings(SimulatorSettings)
    start_logging("simulator")
    app = AccessLog(create_app(settings.to_config()))
    run(app, host=settings.host, port=settings.port)


@app.command()
def storefront() -> None:
    """Run the demo shop, which takes its payments through the API."""
    from http_server.serving import ServerConfig
    from storefront.server import serve_storefront
    from storefront.settings import StorefrontSettings
    from telemetry.access import AccessLog
    from telemetry.logs import start_logging

    settings = read_settings(StorefrontSettings)
    start_logging("storefront")
    asyncio.run(serve_storefront(settings, around=AccessLog, config_of=ServerConfig))


@app.command()
def keys(
    folder: Annotated[
        Path, typer.Argument(callback=as_given, help="Where the new key files go")
    ],
) -> None:
    """Make a key pair and an API key; print what to enter in Alipay's dashboard."""
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


@app.command()
def settings(context: typer.Context) -> None:
    """Print the settings of all processes as Markdown: docs/settings.md."""
    from cashier.settings_document import settings_document

    sys.stdout.write(settings_document(context.find_root().command))


@app.command()
def setup(
    namespace: Annotated[
        str | None, typer.Option(help="In place of TEMPORAL_NAMESPACE")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be done")
    ] = False,
    cloud: Annotated[
        bool,
        typer.Option("--cloud", help="Only print the commands for Temporal Cloud"),
    ] = False,
    retention_days: Annotated[
        int | None,
        typer.Option(min=1, help="Days to keep closed payments; 90 is advised"),
    ] = None,
) -> None:
    """Register the search attributes of payments in Temporal; repeats change nothing.

    Needed for any cluster but the one that `up` starts. It needs no keys.
    """
    from cashier.system.setup import print_cloud, set_up
    from cashier.temporal_calls import a_console, configured_namespace, run_command

    if cloud:
        where = namespace or configured_namespace()
        print_cloud(a_console(), where, retention_days=retention_days)
        return
    raise typer.Exit(
        run_command(
            lambda client: set_up(
                client,
                a_console(),
                namespace=namespace,
                dry_run=dry_run,
                retention_days=retention_days,
            )
        )
    )
