"""The settings of a local system, as the shell of another terminal reads them."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from cashier.system.settings_file import write_settings


def read_by_a_shell(file: Path) -> dict[str, str]:
    """Return the environment of a shell that has read the file."""
    command = ["sh", "-c", '. "$1" && env -0', "sh", str(file)]
    read = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
    lines = read.stdout.rstrip("\0").split("\0")
    return dict(line.split("=", maxsplit=1) for line in lines)


@pytest.mark.parametrize(
    "value",
    ['{"PHP": 100000}', "/home/o'neill/$HOME/keys", "a\nb", "", "`id`; exit 1"],
)
def test_a_shell_reads_each_value_as_it_was_written(tmp_path: Path, value: str) -> None:
    file = tmp_path / "settings.sh"
    write_settings(file, {"CASHIER_ONE": value, "CASHIER_TWO": "2"})
    assert read_by_a_shell(file).items() >= {
        ("CASHIER_ONE", value),
        ("CASHIER_TWO", "2"),
    }


def test_only_the_owner_reads_the_newest_settings(tmp_path: Path) -> None:
    file = tmp_path / "settings.sh"
    file.write_text("export CASHIER_OLD=1\n")
    os.chmod(file, 0o644)
    write_settings(file, {"CASHIER_NEW": "1"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "CASHIER_OLD" not in read_by_a_shell(file)
