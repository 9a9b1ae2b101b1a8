"""`python -m bench.auditing`: verifying a bundle, compared with its bare replay."""

import asyncio
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from audit.bundle.writing import write_bundle
from bench.auditing.copies import Copyists, copies
from bench.auditing.measuring import Files, Verified, floor_per_second, verify
from bench.auditing.originals import make_originals
from bench.machine import Others, describe_run
from codec.keyring import Keyring, make_key
from codec.payload_codec import EncryptingCodec
from tests.histories.proving import Signers

RESULTS = Path(__file__).parent / "results.json"
SIZES = (1000, 5000, 20_000)
QUICK = (100, 200, 400)
RATE_FACTOR = 0.6  # of the floor on one core, times the cores used


def main(
    quick: Annotated[bool, typer.Option(help="Small sizes: does it run?")] = False,
) -> None:
    """Verify bundles of 1,000, 5,000 and 20,000 payments; --quick keeps nothing."""
    console, run, others = Console(), describe_run(), Others()
    small, middle, large = QUICK if quick else SIZES
    with tempfile.TemporaryDirectory(prefix="cashier-bench-") as made:
        folder = Path(made)
        with console.status("") as status:
            status.update("Making the originals")
            key = Ed25519PrivateKey.generate()
            files, copyists, originals = _prepare(folder, key)
            status.update(f"Copying them {large} times, each newly signed")
            largest = folder / f"bundle-{large}"
            codec = EncryptingCodec(Keyring.load(files.payloads))
            made_copies = copies(originals, large, copyists)
            write_bundle(largest, made_copies, codec=codec, key=key)
            for size in (small, middle):
                _write_part(folder / f"bundle-{size}", largest, size, codec, key)
            rows = []
            for size in (small, middle, large):
                status.update(f"Verifying {size}")
                rows.append(verify(folder / f"bundle-{size}", size, files))
            status.update(f"Replaying {middle}, the floor")
            floor = floor_per_second(folder / f"bundle-{middle}", files)
    run["machine"]["busy_with_others_percent"] = busy = others.percent()
    _show(console, rows, floor)
    console.print(f"Others kept {busy:.0f} % of the machine busy.")
    if not quick:
        _write(run, rows, floor)
        console.print(f"Written to {RESULTS}", soft_wrap=True)


def _prepare(
    folder: Path, key: Ed25519PrivateKey
) -> tuple[Files, Copyists, list[tuple[str, int]]]:
    files = Files(folder / "keys")
    signers = Signers.new(files.folder)
    make_key(files.payloads, begins=datetime(2026, 1, 1, tzinfo=UTC))
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    files.bundle_key.write_bytes(public)
    copyists = Copyists(
        merchant_key=folder / "merchant.pem",
        alipay_key=folder / "alipay.pem",
        payload_keys=files.payloads,
    )
    for file, private in (
        (copyists.merchant_key, signers.merchant),
        (copyists.alipay_key, signers.alipay),
    ):
        file.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    keyring = Keyring.load(files.payloads)

    async def make() -> list[tuple[str, int]]:
        return [one async for one in make_originals(folder, signers, keyring)]

    return files, copyists, asyncio.run(make())


def _write_part(
    part: Path, whole: Path, size: int, codec: EncryptingCodec, key: Ed25519PrivateKey
) -> None:
    chosen = sorted((whole / "histories").glob("*.json"))[:size]
    histories = ((file.name, file.read_bytes()) for file in chosen)
    write_bundle(part, histories, codec=codec, key=key)


def _show(console: Console, rows: list[Verified], floor: float) -> None:
    table = Table(title="Verifying bundles, everything on", title_justify="left")
    for name in ("payments", "processes", "seconds", "a second", "most memory, MiB"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            f"{row.histories:,}",
            str(row.processes),
            f"{row.seconds:.1f}",
            f"{row.per_second:.0f}",
            f"{row.peak_bytes / 2**20:.0f}",
        )
    console.print(table)
    middle = rows[1]
    limit = RATE_FACTOR * floor * middle.processes
    verdict = "met" if middle.per_second >= limit else "MISSED"
    console.print(
        f"Floor, bare replay on one core: {floor:.0f} a second. Goal: {RATE_FACTOR} x "
        f"{floor:.0f} x {middle.processes} = {limit:.0f}; "
        f"{middle.per_second:.0f} ({middle.per_second / floor:.2f} x floor): {verdict}."
    )


def _write(run: dict[str, object], rows: list[Verified], floor: float) -> None:
    content = {
        **run,
        "floor_per_second_on_one_core": round(floor, 1),
        "verify": [
            {
                "payments": row.histories,
                "processes": row.processes,
                "seconds": round(row.seconds, 1),
                "per_second": round(row.per_second, 1),
                "peak_bytes": row.peak_bytes,
            }
            for row in rows
        ],
    }
    RESULTS.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
