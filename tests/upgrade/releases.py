"""The code of another release than today's, in a folder of its own."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cashier.system.environment import CHECKOUT, bare_environment
from chaos.rollout.commits import ProgramFailedError, code_of, output_of
from contracts import RELEASE

# The last commit of release 2, whose worker lets payments wait for ever that release 3
# frees, and takes the input of a newer release without a word.
OLD_COMMIT = "29aa00e"
OLD_RELEASE = 2
# CI sets it, so that these tests cannot be left out there unnoticed.
REQUIRED = "CASHIER_UPGRADE_TESTS"
# What is no code: a copy of the checkout goes without.
NO_CODE = shutil.ignore_patterns(".*", "docs", "tests", "node_modules", "__pycache__")


@dataclass(frozen=True)
class Release:
    """A release that can be run: its number and where its code is."""

    number: int
    code: Path

    async def check(self, empty: Path) -> None:
        """Make sure that a process which is given this code runs no other.

        The virtualenv of the checkout names the checkout in a `.pth` file.
        """
        said = await output_of(
            [
                sys.executable,
                "-c",
                "import contracts.order, workflows, api, worker;"
                "print(contracts.order.RELEASE);"
                "print(*[m.__file__ for m in (contracts, workflows, api, worker)])",
            ],
            cwd=empty,
            env=bare_environment(empty, self.code),
        )
        number, modules = said.splitlines()
        assert int(number) == self.number
        for module in modules.split():
            assert Path(module).is_relative_to(self.code), module


CURRENT = Release(RELEASE, CHECKOUT)


async def old_release(folder: Path) -> Release:
    """Take the old release from git; skip where the history has not got it."""
    try:
        code = await code_of(OLD_COMMIT, folder)
    except (FileNotFoundError, ProgramFailedError) as error:
        if os.environ.get(REQUIRED) == "required":
            raise
        pytest.skip(f"commit {OLD_COMMIT} cannot be taken from git: {error}")
    return Release(OLD_RELEASE, code)


def newer_release(folder: Path) -> Release:
    """Copy today's code, and call it the next release."""
    code, number = folder / "newer", RELEASE + 1
    shutil.copytree(CHECKOUT, code, ignore=NO_CODE)
    order = code / "contracts" / "order.py"
    text, times = re.subn(
        r"^RELEASE = \d+$", f"RELEASE = {number}", order.read_text(), flags=re.MULTILINE
    )
    assert times == 1
    order.write_text(text)
    return Release(number, code)
