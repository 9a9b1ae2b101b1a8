"""The commands of auditors, and of operators who export for them: their options."""

from pathlib import Path
from typing import Annotated

import typer

from cashier.audit import archive_commands
from cashier.given import as_given
from cashier.running import carry_out, settings_of

# Imports of the parts stand inside the commands, as in `cashier.commands`.

app = typer.Typer(
    help="Export histories, and prove every payment from them without a server.",
    no_args_is_help=True,
)
app.add_typer(archive_commands.app)

NewFolder = Annotated[
    Path, typer.Argument(callback=as_given, metavar="FOLDER", help="The new bundle's")
]
SigningKey = Annotated[
    Path | None,
    typer.Option(
        envvar="CASHIER_AUDIT_KEY_FILE",
        callback=as_given,
        help="The private key that signs",
    ),
]
Previous = Annotated[
    Path | None,
    typer.Option(callback=as_given, help="The previous bundle, to which it is chained"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON")]


@app.command()
def keys(
    folder: Annotated[
        Path, typer.Argument(callback=as_given, help="Where the two files go")
    ],
) -> None:
    """Make the key pair that signs and verifies bundles (Ed25519)."""
    from cashier.audit.export import make_keys
    from cashier.temporal_calls import a_console

    carry_out(lambda: make_keys(folder, a_console()))


@app.command()
def export(
    folder: NewFolder,
    since: Annotated[
        str | None,
        typer.Option("--from", help="Closed from then on, as 2026-11-24 (UTC)"),
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--to", help="Closed before then; all that are, if not given"),
    ] = None,
    order: Annotated[str, typer.Option(help="Only workflows of this order")] = "",
    query: Annotated[
        str, typer.Option(help="A further filter of Temporal's list")
    ] = "",
    key: SigningKey = None,
    previous: Previous = None,
    include_open: Annotated[
        bool, typer.Option("--include-open", help="Open workflows, too")
    ] = False,
) -> None:
    """Export histories from Temporal as a bundle; a repeat continues after a break.

    Histories stay as stored, encrypted. Exit code: 0 complete; 1 the server no longer
    had some histories; 2 a setting is wrong; 3 Temporal cannot be reached.
    """
    from audit.bundle.manifest import Selection
    from cashier.audit import export as commands
    from cashier.temporal_calls import WrongSettingError, a_console, run_command

    def selected() -> Selection:
        first = commands.time_of("--from", since)
        end = commands.time_of("--to", before)
        if first and end and first >= end:
            raise WrongSettingError("--from: must be before --to")
        return Selection(
            since=first,
            before=end,
            order_id=order,
            query=query,
            include_open=include_open,
        )

    selection = carry_out(selected)
    settings = settings_of()
    raise typer.Exit(
        run_command(
            lambda client: commands.export(
                client,
                a_console(),
                folder,
                selection,
                keyring=settings.keyring,
                key=key,
                previous=previous,
            ),
            keyring=settings.keyring,
        )
    )


@app.command()
def bundle(
    folder: NewFolder,
    files: Annotated[
        list[Path],
        typer.Argument(
            callback=as_given,
            metavar="FILE...",
            help="Histories of the Temporal UI or CLI",
        ),
    ],
    key: SigningKey = None,
    previous: Previous = None,
) -> None:
    """Make a bundle of histories that were downloaded one by one, unchanged."""
    from cashier.audit.export import bundle_files
    from cashier.temporal_calls import a_console

    keyring = settings_of().keyring
    carry_out(
        lambda: bundle_files(
            a_console(), folder, files, keyring=keyring, key=key, previous=previous
        )
    )


@app.command()
def verify(
    bundles: Annotated[
        list[Path],
        typer.Argument(
            callback=as_given,
            metavar="BUNDLE...",
            help="Bundles' folders, or one history",
        ),
    ],
    alipay_keys: Annotated[
        Path,
        typer.Option(
            envvar="CASHIER_ALIPAY_KEYS_DIR",
            callback=as_given,
            help="Alipay's public keys, {keyVersion}.pem",
        ),
    ],
    key: Annotated[
        Path | None,
        typer.Option(
            envvar="CASHIER_AUDIT_PUBLIC_KEY_FILE",
            callback=as_given,
            help="The public key of the bundle's maker",
        ),
    ] = None,
    unsigned: Annotated[
        bool,
        typer.Option(
            "--unsigned", help="Accept a bundle without verifying its signature"
        ),
    ] = False,
    merchant_keys: Annotated[
        Path | None,
        typer.Option(
            callback=as_given, help="The merchant's public keys, {keyVersion}.pem"
        ),
    ] = None,
    payload_keys: Annotated[
        Path | None,
        typer.Option(
            envvar="CASHIER_PAYLOAD_KEYS_DIR",
            callback=as_given,
            help="Keys that decrypt the histories",
        ),
    ] = None,
    client_id: Annotated[
        str | None,
        typer.Option(
            envvar="CASHIER_CLIENT_ID",
            callback=as_given,
            help="The merchant's client id at Alipay",
        ),
    ] = None,
    evidence_since: Annotated[
        str | None,
        typer.Option(help="Histories that began earlier may lack signed evidence"),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            callback=as_given,
            help="The bundle before the first one; if not given, looked for beside it",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(callback=as_given, help="Write the report here, as HTML"),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print a JSON line for each history, and one for the whole"
        ),
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, help="If not given, one per core")
    ] = None,
) -> None:
    """Prove each payment in the bundles from files alone.

    Bundles given together are verified together: an order may be in several, and only
    among several a gap shows. Outcomes that a person decided, and the limits of the
    bundles, stand in the last lines and do not change the exit code.

    Exit code: 0 all payments are proven; 1 some are not; 2 a key or a file is wrong.
    """
    from audit.rules.keys import VerifierKeys
    from cashier.audit.export import time_of
    from cashier.audit.verify import Wanted, verify_paths

    def proven() -> int:
        held = VerifierKeys(
            alipay_keys_dir=alipay_keys,
            merchant_keys_dir=merchant_keys,
            payload_keys_dir=payload_keys,
            bundle_key_file=key,
            client_id=client_id,
            evidence_since=time_of("--evidence-since", evidence_since),
        )
        wanted = Wanted(
            unsigned=unsigned,
            previous=previous,
            report=report,
            as_json=as_json,
            processes=processes,
        )
        return verify_paths(bundles, held, wanted)

    raise typer.Exit(carry_out(proven))


@app.command()
def reconcile(
    paths: Annotated[
        list[Path],
        typer.Argument(
            callback=as_given,
            metavar="BUNDLE... FILE...",
            help="Bundles' folders, and Alipay's transactions and settlements (CSV)",
        ),
    ],
    amounts: Annotated[
        str,
        typer.Option(
            help="The unit of their amounts: auto, major (14.50) or minor (1450)"
        ),
    ] = "auto",
    orders: Annotated[
        Path | None,
        typer.Option(callback=as_given, help="The shop's own list of orders (CSV)"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare payments and refunds with Alipay's own files.

    All bundles and files are compared together, in any order. Alipay's days are not the
    bundles' days: give the bundles of the days before and after, too. With --orders,
    every order that the shop calls paid or unpaid must be in the bundles, too.

    Exit code: 0 no difference; 1 differences; 2 a bundle or a file is wrong.
    """
    from cashier.audit.reconcile import reconcile_paths

    keyring = settings_of().keyring
    raise typer.Exit(
        carry_out(
            lambda: reconcile_paths(
                paths,
                keyring=keyring,
                amounts=amounts,
                as_json=as_json,
                orders=orders,
            )
        )
    )
