"""The command line as a process: what it prints, and with which code it ends."""

import os
import sys
from pathlib import Path
from subprocess import PIPE, run

import pytest

from cashier.running import PIPE_CLOSED

ROOT = Path(__file__).parent.parent.parent


def cashier(
    *words: str, folder: Path, encoding: str = "utf-8", code: str = ""
) -> tuple[int, str]:
    """Run a command in a folder; return its exit code, and all that it has printed."""
    how = ("-c", code) if code else ("-m", "cashier")
    ended = run(
        [sys.executable, *how, *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding, "HOME": "/"},
        capture_output=True,
        check=False,
    )
    said = (ended.stdout + ended.stderr).decode(encoding, errors="strict")
    return ended.returncode, said


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_no_encoding_of_the_terminal_ends_a_command(
    encoding: str, tmp_path: Path
) -> None:
    code, said = cashier("prepare", "\u5496\u5561", folder=tmp_path, encoding=encoding)
    assert code == 0
    shown = "\u5496\u5561" if encoding == "utf-8" else "\\u5496\\u5561"
    assert f"{shown} is prepared" in said


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_the_help_can_be_read_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    code, said = cashier("stuck", "--help", folder=tmp_path, encoding=encoding)
    assert code == 0
    assert "--older-than" in said


@pytest.mark.parametrize("command", ["stuck", "worker", "codec-server", "storefront"])
def test_a_dotenv_file_in_another_encoding_is_a_wrong_setting(
    command: str, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_bytes("CASHIER_X=caf\xe9\n".encode("cp1252"))
    code, said = cashier(command, folder=tmp_path)
    # 1 would mean that something is stuck.
    assert code == 2
    assert ".env: is not UTF-8 (byte 14 is 0xe9)" in said
    assert "Traceback" not in said


def test_a_defect_of_ours_is_told_from_a_finding(tmp_path: Path) -> None:
    broken = (
        "import sys\n"
        "from cashier.commands import app\n"
        "app.command('broken')(lambda: 1 / 0)\n"
        "sys.argv = ['cashier', 'broken']\n"
        "import cashier.__main__\n"
    )
    code, said = cashier(folder=tmp_path, code=broken)
    assert code == 70
    assert "ZeroDivisionError" in said


@pytest.mark.parametrize("words", [["stuck", "--queries"], ["stuck", "--help"]])
def test_a_reader_who_leaves_is_no_finding(words: list[str], tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    ended = run(
        [sys.executable, "-m", "cashier", *words],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": "/"},
        stdout=write,
        stderr=PIPE,
        check=False,
    )
    os.close(write)
    assert ended.returncode == PIPE_CLOSED
    assert ended.stderr == b""


@pytest.mark.parametrize(
    ("part", "without"),
    [
        # Every part of a system starts as a command, and many do without Temporal.
        ("cashier.commands", {"temporalio", "cryptography", "fastapi", "contracts"}),
        ("codec.server.app", {"temporalio.client", "temporalio.worker", "contracts"}),
    ],
)
def test_a_part_does_not_load_what_only_others_need(
    part: str, without: set[str], tmp_path: Path
) -> None:
    code = f"import sys, {part}; print(*sorted(sys.modules))"
    ended, said = cashier(folder=tmp_path, code=code)
    assert ended == 0
    assert part in said.split()
    assert not without & set(said.split())
