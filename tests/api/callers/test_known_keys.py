"""The keys that the API knows: a change counts at once, a broken file does not."""

import logging
from pathlib import Path

import pytest

from api.callers.keys import ApiKey, ApiKeysError, new_key, write_keys
from api.callers.known_keys import KnownKeys

OLD, NEW = new_key(), new_key()


def write(file: Path, *keys: str) -> None:
    write_keys(file, [ApiKey.of(key, name=f"shop-{key[-5:]}") for key in keys])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "api-keys", OLD)
    return tmp_path / "api-keys"


def test_a_new_key_counts_and_a_removed_one_does_not_without_a_restart(
    file: Path,
) -> None:
    known = KnownKeys(file)
    assert known.find(OLD)
    assert known.find(NEW) is None
    write(file, NEW)
    assert known.find(OLD) is None
    assert known.find(NEW)
    write(file)
    assert known.find(NEW) is None


def damaged(file: Path, damage: str) -> None:
    if damage == "gone":
        file.unlink()
    elif damage == "malformed":
        file.write_text("cashier_secret\n")
    else:
        file.unlink()
        file.mkdir()


@pytest.mark.parametrize("damage", ["gone", "malformed", "a folder"])
def test_the_last_good_keys_hold_while_the_file_is_broken(
    damage: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = KnownKeys(file)
    damaged(file, damage)
    for _ in range(100):
        assert known.find(OLD)
    # One line for the change, not one for each call.
    [record] = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert record.name == "api.callers.known_keys"
    assert str(file) in record.getMessage()
    assert "secret" not in record.getMessage()


def test_a_file_that_is_mended_counts_again(file: Path, tmp_path: Path) -> None:
    known = KnownKeys(file)
    aside = file.rename(tmp_path / "aside")
    assert known.find(OLD)
    write(aside, NEW)
    aside.rename(file)
    assert known.find(OLD) is None
    assert known.find(NEW)


def test_nothing_starts_with_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ApiKeysError, match="cannot be read"):
        KnownKeys(tmp_path / "api-keys")
