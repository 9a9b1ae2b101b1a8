"""What differs from run to run is refused in workflow code, with its replacement."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def complaints(code: str) -> str:
    """Return what the linter says of code that would stand in workflows/."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    command = [ruff, "check", "--stdin-filename", "workflows/new.py", "-"]
    checked = subprocess.run(
        command, input=code, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return checked.stdout


@pytest.mark.parametrize(
    ("code", "replacement"),
    [
        ("import random", "workflow.random()"),
        ("import time", "workflow.sleep"),
        ("import uuid", "workflow.uuid4()"),
        ("from asyncio import sleep", "workflow.sleep"),
        ("import httpx", "an activity"),
        ("import alipay.client", "activities/"),
        ("from datetime import datetime\n\ndatetime.now()", "workflow.now()"),
    ],
)
def test_chance_clock_and_network_are_refused(code: str, replacement: str) -> None:
    assert replacement in complaints(code)


def test_what_replays_is_not_refused() -> None:
    assert "TID251" in complaints("import time")
    assert "TID251" not in complaints("from datetime import timedelta")
