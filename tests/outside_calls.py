"""Finds calls to clock, chance, network and files that workflow code makes.

It looks at each call of a C function while a workflow is activated, by a module of ours
or by a library that it uses.
"""

import gc
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from socket import socket
from types import FrameType
from typing import Any

CLOCK = {"time", "monotonic", "perf_counter", "process_time", "sleep"}
NOW = {"now", "utcnow", "today"}
# Where the SDK runs a workflow's code.
ACTIVATION = "_WorkflowInstanceImpl.activate"


@contextmanager
def outside_calls() -> Iterator[set[str]]:
    """Yield the names of the calls, as they are found in this thread."""
    found: set[str] = set()

    def look(frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and _reaches_outside(called) and _is_of_workflow(frame):
            found.add(called.__qualname__)

    before = sys.getprofile()
    # Calls of tools during garbage collection, at any time, are no workflow's.
    gc.disable()
    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(before)
        gc.enable()


def _reaches_outside(called: Any) -> bool:
    name, owner = called.__name__, getattr(called, "__self__", None)
    module = getattr(called, "__module__", None)
    if module == "time":
        return name.removesuffix("_ns") in CLOCK
    if isinstance(owner, type) and issubclass(owner, date):
        return name in NOW
    if isinstance(owner, random.Random):
        # `workflow.random()` is seeded by Temporal, and another instance.
        return owner is random._inst
    if isinstance(owner, socket) or module == "_socket":
        return True
    return (module, name) in {("posix", "urandom"), ("_io", "open"), ("io", "open")}


def _is_of_workflow(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_qualname == ACTIVATION:
            return True
        frame = frame.f_back
    return False
