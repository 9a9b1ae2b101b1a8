"""The environment of a local system's processes: built anew, never inherited."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
# The variables that a program needs to start and to write text; no settings of ours, of
# Temporal or of libraries. PATH finds programs, *_LIBRARY_PATH some Pythons.
PASSED_ON = (
    "PATH",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "TMPDIR",
    "LANG",
    "LANGUAGE",
)
PASSED_ON_PREFIX = "LC_"
# Prefixes of the settings that `cashier up --set` accepts.
SETTABLE = ("CASHIER_", "STOREFRONT_", "SIMULATOR_", "OTEL_")


def bare_environment(folder: Path, code: Path = CHECKOUT) -> dict[str, str]:
    """Return an environment in which a program finds no setting of the developer.

    Proxies, CASHIER_*, TEMPORAL_*, OTEL_* and the like are left out: only a few
    harmless variables are passed on.

    Args:
        folder: An empty folder; it is the home directory, so that no `temporal.toml` is
            found there. It should be the working directory too, which has no `.env`.
        code: The checkout whose code Python runs.
    """
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED_ON or name.startswith(PASSED_ON_PREFIX)
    }
    # A container's user may have no name, and Temporal's server does not start without
    # USER or HOME.
    named = {"HOME": str(folder), "USER": "cashier", "PYTHONPATH": str(code)}
    return {**passed_on, **named}


def read_assignments(assignments: Iterable[str]) -> Mapping[str, str]:
    """Return settings that were given as NAME=VALUE.

    Raises:
        ValueError: One has another form, or a name that no process reads; the message
            shows the name and never the value.
    """
    settings = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.startswith(SETTABLE):
            shown = name if equals else "the argument"
            begins = ", ".join(SETTABLE)
            raise ValueError(
                f"{shown}: must be NAME=VALUE, and NAME must begin with one of {begins}"
            )
        settings[name] = value
    return settings
