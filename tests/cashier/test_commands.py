"""The command line: new keys, and settings that are wrong."""

import io
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from alipay.keys.rsa import load_private_key, load_public_key, one_line_public_key
from cashier.commands import app
from cashier.demos.audit.demo import show_audit
from cashier.demos.stuck import show_stuck_payments
from cashier.system.home import Home
from cashier.system.ports import HOST, Ports

runner = CliRunner()


def test_new_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    made = runner.invoke(app, ["keys", str(tmp_path)])
    private = load_private_key((tmp_path / "merchant.pem").read_text())
    shown = made.output.strip().splitlines()[-1]
    assert made.exit_code == 0
    assert load_public_key(shown).public_numbers() == (
        private.public_key().public_numbers()
    )
    assert shown == one_line_public_key(private.public_key())
    for name in ("merchant.pem", "api-key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    runner.invoke(app, ["keys", str(tmp_path)])
    before = (tmp_path / "merchant.pem").read_bytes()
    again = runner.invoke(app, ["keys", str(tmp_path)])
    assert again.exit_code == 2
    assert (tmp_path / "merchant.pem").read_bytes() == before


@pytest.mark.parametrize("command", ["worker", "api"])
def test_a_wrong_setting_is_named_before_anything_starts(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.prepare()
    for name, value in home.environment(Ports()).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CASHIER_NOTIFY_URL", "http://shop.example/notify")
    wrong = runner.invoke(app, [command])
    assert wrong.exit_code == 2
    assert "CASHIER_NOTIFY_URL" in wrong.output
    assert "https" in wrong.output
    assert home.api_key.read_text() not in wrong.output


def test_a_home_is_prepared_once(tmp_path: Path) -> None:
    runner.invoke(app, ["prepare", str(tmp_path)])
    first = Home(tmp_path).merchant_key.read_bytes()
    runner.invoke(app, ["prepare", str(tmp_path)])
    assert Home(tmp_path).merchant_key.read_bytes() == first


def test_each_taken_port_is_named_at_once(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as one, socket.create_server((HOST, 0)) as two:
        api, shop = (str(taken.getsockname()[1]) for taken in (one, two))
        options = ["--folder", str(tmp_path), "--api-port", api, "--shop-port", shop]
        up = runner.invoke(app, ["up", *options])
    assert up.exit_code == 1
    told = " ".join(up.output.split())
    assert f"port {api} and " in told
    assert f"port {shop} already." in told


@pytest.mark.parametrize("command", ["stuck-demo", "audit-demo"])
def test_a_demonstration_takes_its_ports_as_up_does(command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        twice = runner.invoke(app, [command, "--api-port", port, "--ui-port", port])
        none = runner.invoke(app, [command, "--shop-port", "0"])
    assert (twice.exit_code, none.exit_code) == (2, 2)
    assert f"{port} is given twice" in twice.output
    assert "must be a port" in none.output


async def test_a_demonstration_listens_where_it_was_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        out = io.StringIO()
        told = Console(file=out, width=200)
        ports = replace(Ports.free(), codec=port)
        ended = [
            await show_stuck_payments(told, ports),
            await show_audit(told, payments=30, ports=ports),
        ]
    assert ended == [1, 1]
    assert out.getvalue().count(f"port {port} already") == 2


@pytest.mark.parametrize("command", ["demo", "up"])
@pytest.mark.parametrize("address", ["localhost", "http://localhost:7233", "a:99999"])
def test_an_address_of_a_cluster_that_is_none_is_refused(
    command: str, address: str
) -> None:
    wrong = runner.invoke(app, [command, "--temporal", address])
    assert wrong.exit_code == 2
    assert "must be host:port" in wrong.output
