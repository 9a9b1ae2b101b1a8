"""Runs programs of this machine."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def run(
    *command: str,
    cwd: Path = CHECKOUT,
    environment: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> None:
    """Run a program.

    Args:
        command: The program and its arguments.
        cwd: The working directory.
        environment: Variables besides those of this process.
        quiet: Whether its output is shown only when it fails.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    kept = subprocess.PIPE if quiet else None
    try:
        subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdout=kept,
            stderr=subprocess.STDOUT if quiet else None,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        sys.stderr.buffer.write(error.stdout or b"")
        raise


def output_of(*command: str, stdin: Path | None = None) -> str:
    """Run a program and return its output, without line feeds at the end.

    Args:
        command: The program and its arguments.
        stdin: A file for its standard input.

    Raises:
        subprocess.CalledProcessError: It failed; its errors were shown.
    """
    given = stdin.read_text() if stdin else None
    done = subprocess.run(
        command, input=given, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.rstrip("\n")
