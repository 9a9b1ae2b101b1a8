"""The commands of who may call the API, and the key that a local system begins with."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.callers.keys import ApiKey, ApiKeys, Scope, read_keys
from cashier.commands import app
from cashier.system.home import BACK_OFFICE, LOCAL_SHOP, Home
from cashier.system.ports import Ports

runner = CliRunner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "api-keys"


def keys(file: Path, *command: str, code: int = 0) -> str:
    """Run a command; return what it prints on stdout, or where it refuses, says."""
    done = runner.invoke(app, ["api-keys", *command, "--file", str(file)])
    assert done.exit_code == code, done.output
    return done.stdout.strip() if code == 0 else done.stderr


def kept_of(file: Path, key: str) -> ApiKey:
    found = ApiKeys(read_keys(file)).find(key)
    assert found is not None
    return found


def test_a_new_key_is_printed_once_and_kept_as_a_hash(file: Path) -> None:
    key = keys(file, "new", "shop", "--scopes", "cancel, start", "--per-minute", "60")
    kept = kept_of(file, key)
    assert kept.name == "shop"
    assert kept.scopes == (Scope.START, Scope.CANCEL)
    assert kept.per_minute == 60
    assert file.stat().st_mode & 0o777 == 0o600
    assert key not in file.read_text()
    assert key not in keys(file, "list")


def test_the_file_is_the_settings(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASHIER_API_KEYS_FILE", str(file))
    made = runner.invoke(app, ["api-keys", "new", "shop", "--scopes", "read"])
    assert kept_of(file, made.stdout.strip()).name == "shop"


LIMIT = ("--refund-limit",)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("new", "shop", "--scopes", "read"), "rotate"),
        (("new", "shop 2", "--scopes", "read"), "name: String should match"),
        (("new", "other", "--scopes", "read,pay"), "start,read,cancel,refund"),
        (("new", "other", "--scopes", ""), "start,read,cancel,refund"),
        (("new", "o", "--scopes", "read", *LIMIT, "PHP=1"), "needs the scope refund"),
        (("new", "o", "--scopes", "refund", *LIMIT, "PHP"), "CURRENCY=VALUE"),
        (("new", "o", "--scopes", "refund", *LIMIT, "php=1"), "CURRENCY=VALUE"),
        (("new", "o", "--scopes", "refund", *LIMIT, "PHP=0"), "CURRENCY=VALUE"),
        (("new", "o", "--scopes", "refund", *LIMIT, "PHP=1.5"), "CURRENCY=VALUE"),
        (
            ("new", "o", "--scopes", "refund", *LIMIT, "PHP=1", *LIMIT, "PHP=2"),
            "once for each currency",
        ),
        (("new", "o", "--scopes", "read", "--per-minute", "0"), "per_minute"),
        (("rotate", "other"), "'other' has no key"),
        (("rotate", "shop", "--overlap-hours", "-1"), "overlap-hours"),
        (("remove", "other"), "'other' has no key"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(
    command: tuple[str, ...], why: str, file: Path
) -> None:
    keys(file, "new", "shop", "--scopes", "read")
    before = file.read_bytes()
    assert why in keys(file, *command, code=2)
    assert file.read_bytes() == before


def test_a_rotation_keeps_scopes_and_limit_and_ends_the_old_key(file: Path) -> None:
    old = keys(file, "new", "shop", "--scopes", "read", "--per-minute", "7")
    new = keys(file, "rotate", "shop", "--overlap-hours", "24")
    ends = kept_of(file, old).ends_at
    assert ends is not None
    left = ends - datetime.now(UTC)
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)
    kept = kept_of(file, new)
    assert (kept.name, kept.scopes, kept.per_minute, kept.ends_at) == (
        "shop",
        (Scope.READ,),
        7,
        None,
    )


def test_a_key_may_refund_only_where_it_is_said_and_up_to_its_limits(
    file: Path,
) -> None:
    shop = keys(file, "new", "shop", "--scopes", "start,read,cancel")
    limits = (*LIMIT, "PHP=500000", *LIMIT, "KRW=90000")
    desk = keys(file, "new", "desk", "--scopes", "refund", *limits)
    assert Scope.REFUND not in kept_of(file, shop).scopes
    assert kept_of(file, desk).refund_limits == {"PHP": 500000, "KRW": 90000}
    renewed = keys(file, "rotate", "desk")
    assert kept_of(file, renewed).refund_limits == {"PHP": 500000, "KRW": 90000}
    assert "5,000.00" in keys(file, "list")


def test_a_name_is_not_renewed_twice_at_once(file: Path) -> None:
    keys(file, "new", "shop", "--scopes", "read")
    keys(file, "rotate", "shop")
    assert "is being renewed already" in keys(file, "rotate", "shop", code=2)


def test_a_rotation_without_overlap_ends_the_old_key_now(file: Path) -> None:
    first = keys(file, "new", "shop", "--scopes", "read")
    second = keys(file, "rotate", "shop", "--overlap-hours", "0")
    assert kept_of(file, first).has_ended(datetime.now(UTC))
    assert "ended" in keys(file, "list")
    # And makes place for the next one.
    third = keys(file, "rotate", "shop")
    assert ApiKeys(read_keys(file)).find(first) is None
    assert kept_of(file, second).ends_at
    assert kept_of(file, third).ends_at is None


def test_all_keys_of_a_name_are_removed_together(file: Path) -> None:
    keys(file, "new", "shop", "--scopes", "read")
    keys(file, "rotate", "shop")
    other = keys(file, "new", "other", "--scopes", "read")
    assert "2 removed" in keys(file, "remove", "shop")
    assert read_keys(file) == (kept_of(file, other),)


def test_a_broken_file_is_named_and_left_alone(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("cashier_secret\n")
    for command in (("list",), ("new", "x", "--scopes", "read"), ("remove", "x")):
        said = keys(file, *command, code=2)
        assert "line 1 of" in said
        assert "secret" not in said
    assert file.read_text() == "cashier_secret\n"


def test_a_home_has_a_key_for_people_and_its_hash_for_the_api(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    kept = kept_of(home.api_keys, home.api_key.read_text())
    assert kept.name == LOCAL_SHOP
    assert kept.scopes == tuple(Scope)
    for path in (home.api_key, home.api_keys):
        assert path.stat().st_mode & 0o077 == 0
    environment = home.environment(Ports())
    assert environment["CASHIER_API_KEYS_FILE"] == str(home.api_keys)
    before = home.api_key.read_text(), home.api_keys.read_text()
    home.prepare()
    assert (home.api_key.read_text(), home.api_keys.read_text()) == before


def test_a_folder_of_before_keeps_its_key(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.api_key.parent.mkdir(parents=True)
    # Of the form that keys had: 32 bytes of chance without a prefix.
    home.api_key.write_text("Zk3-" + "a" * 39)
    home.prepare()
    assert kept_of(home.api_keys, "Zk3-" + "a" * 39).name == LOCAL_SHOP


def test_a_lost_key_is_made_anew_and_the_old_one_ends(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    other = keys(home.api_keys, "new", "other", "--scopes", "read")
    lost = home.api_key.read_text()
    home.api_key.unlink()
    home.prepare()
    assert kept_of(home.api_keys, home.api_key.read_text()).name == LOCAL_SHOP
    assert ApiKeys(read_keys(home.api_keys)).find(lost) is None
    assert kept_of(home.api_keys, other).name == "other"


def test_a_key_that_was_removed_on_purpose_does_not_come_back(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    for name in (LOCAL_SHOP, BACK_OFFICE):
        keys(home.api_keys, "remove", name)
    home.prepare()
    assert read_keys(home.api_keys) == ()


def test_the_back_office_has_a_key_that_refunds_and_starts_nothing(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    home.prepare()
    kept = kept_of(home.api_keys, home.refund_key.read_text())
    assert (kept.name, kept.scopes) == (BACK_OFFICE, (Scope.READ, Scope.REFUND))
    assert home.refund_key.stat().st_mode & 0o077 == 0


def test_a_folder_of_before_the_back_office_gets_its_key_besides(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    home.prepare()
    keys(home.api_keys, "remove", BACK_OFFICE)
    home.refund_key.unlink()
    before = home.api_key.read_text()
    home.prepare()
    for key, name in (
        (before, LOCAL_SHOP),
        (home.refund_key.read_text(), BACK_OFFICE),
    ):
        assert kept_of(home.api_keys, key).name == name


def test_lost_hashes_are_made_anew_of_all_keys(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    home.api_keys.unlink()
    home.prepare()
    assert {key.name for key in read_keys(home.api_keys)} == {LOCAL_SHOP, BACK_OFFICE}
    assert kept_of(home.api_keys, home.refund_key.read_text()).name == BACK_OFFICE


def test_a_new_merchants_key_is_known_to_the_api(tmp_path: Path) -> None:
    runner.invoke(app, ["keys", str(tmp_path)])
    key = (tmp_path / "api-key").read_text()
    assert kept_of(tmp_path / "api-keys", key).name == "shop"
    assert (tmp_path / "api-keys").stat().st_mode & 0o077 == 0
