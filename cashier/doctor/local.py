"""Checks a local system with the settings of its own processes."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from cashier.doctor.settings import Part
from cashier.system.environment import bare_environment
from cashier.system.home import Home

# Settings of the terminal, which the processes do not have.
TERMINAL = ("TERM", "COLUMNS", "NO_COLOR")


def examine_local(folder: Path, parts: Sequence[Part], *, as_json: bool) -> NoReturn:
    """Replace this process by one with the settings of the system in a folder.

    Nothing of this process's environment is inherited, as with `cashier up`
    (decision 0024).

    Raises:
        FileNotFoundError: There is no system in the folder.
    """
    home = Home(folder)
    if not home.merchant_key.is_file():
        raise FileNotFoundError(2, "no local system", str(folder))
    ports = home.ports()
    terminal = {name: os.environ[name] for name in TERMINAL if name in os.environ}
    environment = {
        **bare_environment(home.empty_folder),
        **home.environment(ports, home.cluster()),
        **home.shop_environment(ports),
        **terminal,
    }
    words = [word for part in parts for word in ("--part", part)]
    command = ["-m", "cashier", "doctor", *words, *(["--json"] if as_json else [])]
    sys.stdout.flush()
    os.chdir(home.empty_folder)
    # Not through a shell: the program is this Python, and the arguments are ours.
    os.execve(sys.executable, [sys.executable, *command], environment)  # noqa: S606
