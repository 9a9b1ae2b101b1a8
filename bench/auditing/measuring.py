"""Measures one verification by the real command, from start to end."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

from cashier.system.environment import bare_environment

LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class Files:
    """The files of a benchmark's keys."""

    folder: Path

    @property
    def alipay(self) -> Path:
        return self.folder / "alipay"

    @property
    def merchant(self) -> Path:
        return self.folder / "merchant"

    @property
    def payloads(self) -> Path:
        return self.folder / "payloads"

    @property
    def bundle_key(self) -> Path:
        return self.folder / "auditor.pub.pem"


@dataclass(frozen=True)
class Verified:
    """One run of `cashier audit verify`, everything on, the report included.

    Attributes:
        seconds: From the start of the process to its end.
        peak_bytes: The most resident memory of all its processes together.
    """

    histories: int
    processes: int
    seconds: float
    peak_bytes: int

    @property
    def per_second(self) -> float:
        return self.histories / self.seconds


def verify(bundle: Path, histories: int, files: Files) -> Verified:
    """Verify a bundle, which must be proven in full.

    Raises:
        SystemExit: It was not proven.
    """
    cores = os.cpu_count() or 1
    command = [
        *(sys.executable, "-m", "cashier", "audit", "verify", str(bundle)),
        *("--key", str(files.bundle_key), "--alipay-keys", str(files.alipay)),
        *("--merchant-keys", str(files.merchant)),
        *("--payload-keys", str(files.payloads), "--processes", str(cores)),
        *("--report", str(bundle.with_suffix(".html"))),
    ]
    began = perf_counter()
    empty = _empty_folder(bundle)
    with subprocess.Popen(
        command,
        cwd=empty,
        env=bare_environment(empty),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        peak, root = 0, psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _resident_bytes(root))
            try:
                process.wait(LOOK_EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        took = perf_counter() - began
        said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"not all was proven:\n{said}")
    return Verified(histories, cores, took, peak)


def floor_per_second(bundle: Path, files: Files) -> float:
    """Replay the same histories on one core; return histories a second."""
    command = [sys.executable, "-m", "bench.auditing.floor"]
    empty = _empty_folder(bundle)
    done = subprocess.run(
        [*command, str(bundle), str(files.payloads)],
        cwd=empty,
        env=bare_environment(empty),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    return float(found["histories"] / found["seconds"])


def _empty_folder(bundle: Path) -> Path:
    """Return a folder beside the bundle without a `.env`."""
    empty = bundle.parent / "empty"
    empty.mkdir(exist_ok=True)
    return empty


def _resident_bytes(root: psutil.Process) -> int:
    resident = 0
    for process in (root, *_children(root)):
        try:
            resident += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return resident


def _children(root: psutil.Process) -> list[psutil.Process]:
    try:
        return root.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
