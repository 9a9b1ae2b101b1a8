"""Verifies bundles with `cashier audit verify`, in a process of its own."""

import asyncio
import json
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cashier.system.environment import CHECKOUT, bare_environment
from cashier.system.guard import Lifeline, guarded
from cashier.system.home import Home

# Verifying 300 histories takes seconds; a command that hangs has failed.
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Auditor:
    """The auditor: files and keys, and no server.

    Attributes:
        alipay_keys, merchant_keys: Public keys, by key version.
        payload_keys: The keys that decrypt the histories.
        bundle_key: The public key of the bundles' maker.
        empty_folder: Where the command runs, so that it finds no settings.
    """

    alipay_keys: Path
    merchant_keys: Path
    payload_keys: Path
    bundle_key: Path
    empty_folder: Path

    async def verify(
        self,
        *bundles: Path,
        previous: Path | None = None,
        code: Path = CHECKOUT,
        report: Path | None = None,
        processes: int = 1,
    ) -> "Verified":
        """Run `cashier audit verify`.

        Args:
            bundles: The folders, verified together.
            previous: The bundle before the first.
            code: The code that runs: this program, or a changed copy.
            report: Where the HTML report goes; None for none.
            processes: How many processes work at once.

        Raises:
            AuditFailedError: The command itself failed.
            TimeoutError: It does not end in time.
        """
        command = [
            *(sys.executable, "-m", "cashier", "audit", "verify", *map(str, bundles)),
            *("--json", "--key", str(self.bundle_key)),
            *("--alipay-keys", str(self.alipay_keys)),
            *("--merchant-keys", str(self.merchant_keys)),
            *("--payload-keys", str(self.payload_keys)),
            *("--processes", str(processes)),
            *(("--previous", str(previous)) if previous else ()),
            *(("--report", str(report)) if report else ()),
        ]
        process, told, complaints = await self._run(command, code)
        if process.returncode not in (0, 1):
            raise AuditFailedError(complaints.decode(errors="replace").strip())
        *histories, whole = (json.loads(line) for line in told.splitlines())
        return Verified(process.returncode == 0, histories, whole)

    async def _run(
        self, command: list[str], code: Path
    ) -> tuple[asyncio.subprocess.Process, bytes, bytes]:
        with closing(Lifeline()) as lifeline:
            process = await asyncio.create_subprocess_exec(
                *guarded(lifeline, *command),
                cwd=self.empty_folder,
                env=bare_environment(self.empty_folder, code),
                pass_fds=(lifeline.watched,),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    told, complaints = await process.communicate()
            except TimeoutError:
                process.kill()
                await process.wait()
                raise
        return process, told, complaints


class AuditFailedError(Exception):
    """The command could not verify at all."""


@dataclass(frozen=True)
class Verified:
    """The command's output as JSON: each history, and the summary."""

    is_proven: bool
    histories: list[dict[str, Any]]
    whole: dict[str, Any]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """All findings, those of the bundle itself first."""
        found = list(self.whole["bundle_findings"])
        for history in self.histories:
            found += history["findings"]
        return found


def auditor_of(home: Home, bundle_key: Path, folder: Path) -> Auditor:
    """Copy the auditor's keys into a folder of their own."""
    merchant, empty = folder / "merchant", folder / "empty"
    for made in (merchant, empty):
        made.mkdir(parents=True)
    [public] = home.simulator_merchants.glob("*.pem")
    (merchant / "1.pem").write_bytes(public.read_bytes())
    return Auditor(home.alipay_keys, merchant, home.payload_keys, bundle_key, empty)
