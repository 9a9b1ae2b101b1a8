"""A local system inherits no setting that it does not name."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cashier.system.environment import CHECKOUT, bare_environment, read_assignments
from cashier.system.temporal import guarded_program
from tests.cashier.system.hostile import (
    copy_of_checkout,
    hostile_environment,
    real_shop,
    settings_of_production,
)

pytestmark = pytest.mark.timeout(120)


@pytest.mark.slow
async def test_the_demo_takes_no_setting_of_the_developer(tmp_path: Path) -> None:
    checkout = copy_of_checkout(tmp_path)
    with real_shop() as shop:
        lines = settings_of_production(tmp_path, shop).items()
        (checkout / ".env").write_text("".join(f"{n}={v}\n" for n, v in lines))
        demo = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cashier", "demo"),
            cwd=checkout,
            env={
                **hostile_environment(tmp_path, shop),
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(checkout),
            },
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        told, complaints = await demo.communicate()
    assert (demo.returncode, complaints.decode()) == (0, ""), told.decode()
    assert "PAID: order coffee-" in told.decode()
    assert shop.calls == []


def test_the_tests_take_no_setting_of_the_developer(tmp_path: Path) -> None:
    with real_shop() as shop:
        lines = settings_of_production(tmp_path, shop).items()
        (tmp_path / ".env").write_text("".join(f"{n}={v}\n" for n, v in lines))
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *("--config-file", str(CHECKOUT / "pyproject.toml")),
                str(CHECKOUT / "tests" / "test_settings.py"),
                str(CHECKOUT / "tests" / "cashier" / "access" / "test_access.py"),
            ],
            cwd=tmp_path,
            env={
                **hostile_environment(tmp_path, shop),
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(CHECKOUT),
            },
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]


def test_a_program_gets_a_user_name_where_the_user_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As in a container that runs as 1000:1000.
    monkeypatch.delenv("USER", raising=False)
    assert bare_environment(tmp_path)["USER"]


def test_the_server_that_the_sdk_starts_inherits_no_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "printing"
    program.write_text('#!/bin/sh\necho "$@"\nenv\n')
    program.chmod(0o755)
    with real_shop() as shop:
        for name, value in hostile_environment(tmp_path, shop).items():
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("TEMPORAL_CLI_PATH", str(program))
    started = guarded_program(tmp_path)
    assert started
    said = subprocess.run(
        [started, "server", "start-dev"],
        capture_output=True,
        text=True,
        check=True,
        close_fds=False,
    )
    command, *variables = said.stdout.splitlines()
    assert command == "server start-dev"
    found = dict(line.split("=", 1) for line in variables)
    assert found["HOME"] == str(tmp_path / "empty")
    # The shell adds where it is.
    assert found.keys() - bare_environment(tmp_path).keys() <= {"PWD", "SHLVL", "_"}


def test_settings_of_all_parts_are_given_by_name() -> None:
    given = ["OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318", "CASHIER_X=a=b"]
    assert read_assignments(given) == {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
        "CASHIER_X": "a=b",
    }


@pytest.mark.parametrize(
    "wrong", ["whsec_secret", "PATH=whsec_secret", "=whsec_secret"]
)
def test_a_setting_that_no_part_reads_is_refused_without_its_value(wrong: str) -> None:
    with pytest.raises(ValueError, match="NAME=VALUE") as refused:
        read_assignments([wrong])
    assert "whsec_secret" not in str(refused.value)
