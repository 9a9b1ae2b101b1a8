"""Packages from npm for tests: those that a lock file pins, installed beside it."""

import asyncio
import hashlib
import os
import shutil
from pathlib import Path

import pytest

# CI sets it, so that these tests cannot be left out there unnoticed.
REQUIRED = "CASHIER_NODE_TESTS"
INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


async def install_packages(folder: Path) -> Path:
    """Return the folder's `node_modules`, installed again if its lock has changed.

    Without Node.js the test is skipped, or fails in CI.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        leave_out("there is no Node.js with npm")
    modules = folder / "node_modules"
    lock = (folder / "package-lock.json").read_bytes()
    digest, installed = hashlib.sha256(lock).hexdigest(), modules / ".installed"
    if not installed.is_file() or installed.read_text() != digest:
        npm = await asyncio.create_subprocess_exec(
            *INSTALL,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await npm.communicate()
        if npm.returncode:
            leave_out(f"npm ci failed: {said.decode(errors='replace')[-400:]}")
        installed.write_text(digest)
    return modules


def leave_out(why: str) -> None:
    """Skip the test, or fail where it is required."""
    if os.environ.get(REQUIRED) == "required":
        raise FileNotFoundError(why)
    pytest.skip(why)
