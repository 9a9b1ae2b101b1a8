"""The keyring: which key is written with when, and what is said of bad keys."""

import base64
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from codec.keyring import Keyring, KeyringError, MissingKeyError, make_key
from tests.codec.keys import (
    KEYS,
    NEW,
    NEW_TIME,
    OLD,
    OLD_TIME,
    Clocks,
    a_folder,
    a_ring,
)

SECRET = base64.b64encode(b"s" * 32).decode()


def load(folder: Path, clocks: Clocks) -> Keyring:
    return Keyring.load(folder, now=clocks.now, monotonic=clocks.monotonic)


def test_a_new_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = make_key(tmp_path / "keys", begins=OLD_TIME)
    assert key.name == f"{OLD}.key"
    assert key.stat().st_mode & 0o077 == 0
    assert len(base64.b64decode(key.read_text().strip(), validate=True)) == 32
    assert [file.name for file in (tmp_path / "keys").iterdir()] == [key.name]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    before = make_key(tmp_path, begins=OLD_TIME).read_text()
    with pytest.raises(FileExistsError):
        make_key(tmp_path, begins=OLD_TIME)
    assert (tmp_path / f"{OLD}.key").read_text() == before
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("saved", ["\ufeff{}\r\n", '"{}"\n', "  {}  "])
def test_a_key_is_read_as_an_editor_saves_it(tmp_path: Path, saved: str) -> None:
    (tmp_path / f"{OLD}.key").write_text(saved.format(SECRET))
    assert load(tmp_path, Clocks(NEW_TIME)).newest()[0] == OLD


def test_what_macos_leaves_beside_a_key_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / f"{OLD}.key").write_text(SECRET)
    (tmp_path / f"._{OLD}.key").write_bytes(b"\x00\x05\x16\x07")
    assert load(tmp_path, Clocks(NEW_TIME)).newest()[0] == OLD


def test_two_new_keys_differ(tmp_path: Path) -> None:
    one = make_key(tmp_path, begins=OLD_TIME).read_text()
    assert make_key(tmp_path, begins=NEW_TIME).read_text() != one


def test_a_key_is_written_with_from_its_time_on() -> None:
    clocks = Clocks(NEW_TIME - timedelta(seconds=1))
    ring = a_ring(clocks=clocks)
    assert ring.newest()[0] == OLD
    clocks.move(1)
    assert ring.newest()[0] == NEW


def test_a_key_is_read_with_before_its_time() -> None:
    # Another process, whose clock is ahead, may have begun to write with it.
    ring = a_ring(clocks=Clocks(OLD_TIME))
    assert ring.cipher_of(NEW)


def test_a_key_dropped_into_the_folder_is_found_within_a_minute(tmp_path: Path) -> None:
    clocks = Clocks(NEW_TIME)
    ring = load(a_folder(tmp_path, OLD_TIME), clocks)
    a_folder(tmp_path, NEW_TIME)
    assert ring.newest()[0] == OLD
    clocks.move(60)
    assert ring.newest()[0] == NEW


def test_a_key_that_another_process_has_used_is_looked_for_at_once(
    tmp_path: Path,
) -> None:
    clocks = Clocks()
    ring = load(a_folder(tmp_path, OLD_TIME), clocks)
    a_folder(tmp_path, NEW_TIME)
    clocks.move(1)
    assert ring.cipher_of(NEW)


def test_unknown_ids_have_the_folder_read_once_a_second_at_most(tmp_path: Path) -> None:
    clocks = Clocks()
    ring = load(a_folder(tmp_path, OLD_TIME), clocks)
    clocks.move(1)
    with pytest.raises(MissingKeyError):
        ring.cipher_of(NEW)
    a_folder(tmp_path, NEW_TIME)
    with pytest.raises(MissingKeyError):
        ring.cipher_of(NEW)
    clocks.move(1)
    assert ring.cipher_of(NEW)


def test_a_missing_key_is_named_with_its_folder(tmp_path: Path) -> None:
    ring = Keyring.load(a_folder(tmp_path))
    with pytest.raises(MissingKeyError, match=NEW) as missing:
        ring.cipher_of(NEW)
    assert str(tmp_path) in str(missing.value)
    assert missing.value.key_id == NEW


def test_an_id_of_any_length_makes_no_long_message() -> None:
    with pytest.raises(MissingKeyError) as missing:
        a_ring().cipher_of("x" * 100_000)
    assert len(str(missing.value)) < 100


def test_a_bad_file_does_not_stop_a_process_that_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clocks = Clocks()
    ring = load(a_folder(tmp_path), clocks)
    (tmp_path / f"{NEW}.key").write_text("half a k")
    clocks.move(60)
    assert ring.newest()[0] == OLD
    assert f"{NEW}.key" in caplog.text
    assert "half a k" not in caplog.text


def test_a_key_that_comes_or_goes_is_logged_by_its_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clocks = Clocks()
    ring = load(a_folder(tmp_path, OLD_TIME), clocks)
    text = a_folder(tmp_path, NEW_TIME).joinpath(f"{NEW}.key").read_text().strip()
    (tmp_path / f"{OLD}.key").unlink()
    clocks.move(60)
    with caplog.at_level(logging.INFO):
        assert ring.newest()[0] == NEW
    assert OLD in caplog.text
    assert NEW in caplog.text
    assert text not in caplog.text
    with pytest.raises(MissingKeyError):
        ring.cipher_of(OLD)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (f"{OLD}.key", "", "has 0 bytes; it must have 32"),
        (f"{OLD}.key", base64.b64encode(b"s" * 16).decode(), "has 16 bytes"),
        (f"{OLD}.key", SECRET * 1000, ""),
        (f"{OLD}.key", f"{SECRET}!", "is not Base64"),
        (f"{OLD}.key", f"{SECRET[:20]}\n{SECRET[20:]}", "is not Base64"),
        ("main.key", SECRET, "is not named after a UTC time"),
        ("20261324T090000Z.key", SECRET, "is not named after a UTC time"),
        ("2026124T090000Z.key", SECRET, "is not named after a UTC time"),
    ],
)
def test_a_bad_key_file_is_named_and_not_shown(
    tmp_path: Path, name: str, content: str, why: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(KeyringError) as refusal:
        Keyring.load(tmp_path)
    assert str(tmp_path / name) in str(refusal.value)
    assert why in str(refusal.value)
    assert SECRET[:16] not in str(refusal.value)


def test_a_key_in_binary_form_is_named_too(tmp_path: Path) -> None:
    (tmp_path / f"{OLD}.key").write_bytes(b"\xff" * 32)
    with pytest.raises(KeyringError, match="is not Base64"):
        Keyring.load(tmp_path)


def test_a_key_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / f"{OLD}.key").mkdir()
    with pytest.raises(KeyringError, match=r"cannot be read: Is a directory"):
        Keyring.load(tmp_path)


@pytest.mark.parametrize("place", [".", "nowhere"])
def test_a_folder_without_keys_says_how_to_make_one(tmp_path: Path, place: str) -> None:
    with pytest.raises(KeyringError, match=r"no file \*\.key .* payload-keys new"):
        Keyring.load(tmp_path / place)


def test_keys_whose_time_has_not_come_are_not_enough(tmp_path: Path) -> None:
    a_folder(tmp_path, NEW_TIME)
    with pytest.raises(KeyringError, match=f"begins at {NEW}") as refusal:
        load(tmp_path, Clocks(OLD_TIME))
    assert str(tmp_path) in str(refusal.value)


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(KeyringError, match="is valid yet"):
        a_ring({})


def test_a_key_in_memory_is_checked_like_a_file() -> None:
    with pytest.raises(KeyringError, match=r"has 4 bytes"):
        a_ring({OLD: b"oooo"})


def test_a_printed_ring_shows_no_key() -> None:
    shown = f"{a_ring()!r} {a_ring()}"
    assert not any(key.decode() in shown for key in KEYS.values())
