"""The commands of who may read payments: operators and payload keys."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cashier.commands import app
from cashier.system.home import OPERATOR, SHOPKEEPER, Home
from cashier.system.ports import Ports
from codec.keyring import Keyring
from codec.server.operators import is_password, read_operators
from codec.server.settings import CodecSettings
from storefront.staff import read_staff

runner = CliRunner()
PASSWORD = "correct horse battery"


def test_a_home_lets_one_operator_in(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    password = home.operator_password.read_text()
    assert home.operator_password.stat().st_mode & 0o077 == 0
    assert is_password(password, read_operators(home.operators)[OPERATOR])
    before = home.operators.read_text()
    home.prepare()
    assert home.operators.read_text() == before
    assert len(list(home.payload_keys.iterdir())) == 1


def test_a_home_lets_one_shopkeeper_into_the_back_office(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    environment = home.shop_environment(Ports())
    assert environment["STOREFRONT_STAFF_FILE"] == str(home.staff)
    assert home.staff_password.stat().st_mode & 0o077 == 0
    hashed = read_staff(home.staff)[SHOPKEEPER]
    password = home.staff_password.read_text()
    assert hashed.is_of(password)
    assert password != home.operator_password.read_text()
    home.prepare()
    assert read_staff(home.staff) == {SHOPKEEPER: hashed}


def test_a_home_has_all_settings_of_the_codec_server(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    environment = home.environment(Ports())
    names = ("port", "url", "ui_origins", "operators_file")
    values = {name: environment[f"CASHIER_CODEC_{name.upper()}"] for name in names}
    values["payload_keys_dir"] = environment["CASHIER_PAYLOAD_KEYS_DIR"]
    settings = CodecSettings.model_validate(values)
    assert settings.ui_origins == (Ports().ui_url,)
    assert environment["CASHIER_RUNBOOK_URL"] == f"{settings.url}/runbook"


def test_a_codec_server_without_keys_names_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CASHIER_PAYLOAD_KEYS_DIR", raising=False)
    wrong = runner.invoke(app, ["codec-server"])
    assert wrong.exit_code == 2
    assert "  CASHIER_PAYLOAD_KEYS_DIR: Field required" in wrong.output


def test_an_operator_is_added_with_a_password_asked_for_twice(tmp_path: Path) -> None:
    file = tmp_path / "operators"
    added = runner.invoke(
        app,
        ["operators", "add", "olga", "--file", str(file)],
        input=f"{PASSWORD}\n{PASSWORD}\n",
    )
    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    assert is_password(PASSWORD, read_operators(file)["olga"])


def test_a_generated_password_is_shown_once(tmp_path: Path) -> None:
    file = tmp_path / "operators"
    added = runner.invoke(
        app, ["operators", "add", "olga", "--file", str(file), "--generate"]
    )
    password = added.output.partition("Password: ")[2].strip()
    assert is_password(password, read_operators(file)["olga"])


def test_a_weak_password_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "operators"
    refused = runner.invoke(
        app, ["operators", "add", "olga", "--file", str(file)], input="short\nshort\n"
    )
    assert refused.exit_code == 2
    assert "12 to 1024" in refused.output
    assert not file.exists()


def test_a_new_key_begins_now_or_when_it_is_told(tmp_path: Path) -> None:
    for options in (["--from", "2090-11-24T09:00+02:00"], []):
        made = runner.invoke(app, ["payload-keys", "new", str(tmp_path), *options])
        assert made.exit_code == 0, made.output
    newest, _ = Keyring.load(tmp_path).newest()
    assert newest <= datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    assert (tmp_path / "20901124T070000Z.key").is_file()


def test_a_key_of_the_same_time_is_not_replaced(tmp_path: Path) -> None:
    command = ["payload-keys", "new", str(tmp_path), "--from", "2026-11-24T09:00Z"]
    runner.invoke(app, command)
    before = (tmp_path / "20261124T090000Z.key").read_bytes()
    again = runner.invoke(app, command)
    assert again.exit_code == 2
    assert "20261124T090000Z.key" in again.output.replace("\n", "")
    assert (tmp_path / "20261124T090000Z.key").read_bytes() == before


def test_a_time_that_is_none_is_refused(tmp_path: Path) -> None:
    refused = runner.invoke(
        app, ["payload-keys", "new", str(tmp_path), "--from", "tomorrow"]
    )
    assert refused.exit_code == 2
    assert "ISO 8601" in refused.output
    assert not list(tmp_path.iterdir())
