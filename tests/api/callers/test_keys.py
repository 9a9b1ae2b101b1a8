"""Keys of the API: nobody guesses one, and the file of their hashes is read well."""

import fcntl
import os
import re
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.callers.keys import (
    ApiKey,
    ApiKeys,
    ApiKeysError,
    Scope,
    changing,
    new_key,
    read_keys,
    write_keys,
)

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
SECRET = "Maria-Clara-0917"  # stands for anything that may have got into the file
SOUND = (
    '{"name":"shop","sha256":"%s","scopes":["read"],"made_at":"2026-11-24T10:00:00Z"}'
)
LINE = SOUND % ("a" * 64)


def file_with(folder: Path, *lines: str) -> Path:
    file = folder / "api-keys"
    file.write_text("".join(f"{line}\n" for line in lines))
    return file


def refusal_of(file: Path) -> str:
    with pytest.raises(ApiKeysError) as refusal:
        read_keys(file)
    return str(refusal.value)


def test_a_key_is_recognised_by_its_form_and_no_two_are_equal() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    # 43 characters of six bits hold 32 bytes of chance.
    assert all(re.fullmatch(r"cashier_[A-Za-z0-9_-]{43}", key) for key in keys)


def test_a_key_is_found_among_many_and_a_wrong_one_is_not() -> None:
    secrets = [new_key() for _ in range(50)]
    keys = ApiKeys(
        ApiKey.of(key, name=f"shop-{number}") for number, key in enumerate(secrets)
    )
    for number, key in enumerate(secrets):
        found = keys.find(key)
        assert found is not None
        assert found.name == f"shop-{number}"
    for wrong in (new_key(), secrets[0][:-1], secrets[0].upper(), "", "\xe9"):
        assert keys.find(wrong) is None


def test_the_start_of_a_hash_opens_nothing() -> None:
    # Another key whose id is the same would be found, and must still be compared.
    key, other = new_key(), new_key()
    kept = ApiKey.of(key, name="shop")
    forged = kept.model_copy(
        update={"sha256": kept.id + ApiKey.of(other, name="x").sha256[8:]}
    )
    assert ApiKeys([forged]).find(key) is None


def test_what_is_kept_holds_no_key(tmp_path: Path) -> None:
    key = new_key()
    kept = ApiKey.of(key, name="shop", scopes=[Scope.READ], per_minute=60)
    write_keys(tmp_path / "api-keys", [kept])
    assert read_keys(tmp_path / "api-keys") == (kept,)
    for text in ((tmp_path / "api-keys").read_text(), repr(kept)):
        assert key not in text
        assert key.removeprefix("cashier_") not in text


@pytest.mark.parametrize("key", ["", "secret", "a" * 42, "cashier_" + "a" * 42])
def test_a_key_that_could_be_guessed_is_not_kept(key: str) -> None:
    with pytest.raises(ApiKeysError, match=r"43 random ones") as refusal:
        ApiKey.of(key, name="shop")
    assert not key or key not in str(refusal.value)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("cashier_" + SECRET, "is not a JSON object"),
        (f'["{SECRET}"]', "is not a JSON object"),
        (LINE[:-1], "is not a JSON object"),
        (LINE.replace('"shop"', f'"{SECRET}!"'), "name: String should match"),
        (LINE.replace('"shop"', f'"{SECRET * 9}"'), "name: String should match"),
        (LINE.replace("aaaa", SECRET), "sha256: String should match"),
        (LINE.replace('"read"', f'"{SECRET}"'), "scopes: Input should be 'start'"),
        (LINE.replace('["read"]', "[]"), "scopes: Tuple should have at least 1"),
        (LINE.replace("2026-11-24T10:00:00Z", SECRET), "made_at: Input should be"),
        (LINE.replace("00Z", "00"), "made_at: Input should have timezone"),
        (LINE.replace("}", f',"{SECRET}":1}}'), "has an unknown field"),
        (LINE.replace("}", ',"per_minute":0}'), "per_minute: Input should be greater"),
        (LINE.replace('"name":"shop",', ""), "name: Field required"),
    ],
)
def test_a_malformed_line_is_named_with_its_rule_and_not_shown(
    line: str, rule: str, tmp_path: Path
) -> None:
    refusal = refusal_of(file_with(tmp_path, SOUND % ("b" * 64), "", line))
    assert f"line 3 of '{tmp_path}/api-keys': {rule}" in refusal
    assert SECRET not in refusal


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ((LINE, LINE.replace("shop", "other")), "already in the file"),
        ((LINE, SOUND % ("b" * 64)), "one of them must have `ends_at`"),
        (
            tuple(
                (SOUND % (digit * 64)).replace("}", f',"ends_at":"{NOW.isoformat()}"}}')
                for digit in "abc"
            ),
            "may have two keys",
        ),
    ],
)
def test_keys_that_contradict_each_other_are_refused(
    lines: tuple[str, ...], rule: str, tmp_path: Path
) -> None:
    refusal = refusal_of(file_with(tmp_path, *lines))
    assert f"line {len(lines)} of" in refusal
    assert rule in refusal


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"\xff\x00", "is not text")],
    ids=["missing", "binary"],
)
def test_a_file_that_cannot_be_read_is_named(
    content: bytes | None, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "api-keys"
    if content is not None:
        file.write_bytes(content)
    refusal = refusal_of(file)
    assert str(file) in refusal
    assert why in refusal


def test_a_key_ends_at_its_time() -> None:
    kept = ApiKey.of(new_key(), name="shop")
    ending = kept.model_copy(update={"ends_at": NOW})
    assert not kept.has_ended(NOW)
    assert not ending.has_ended(NOW - timedelta(seconds=1))
    assert ending.has_ended(NOW)


def test_the_file_is_its_owners_alone_and_replaced_as_a_whole(tmp_path: Path) -> None:
    file = file_with(tmp_path, LINE)
    file.chmod(0o644)
    with file.open() as before:
        write_keys(file, read_keys(file))
        # Whoever reads meanwhile has the whole of the old one.
        assert before.read() == f"{LINE}\n"
        assert os.fstat(before.fileno()).st_ino != file.stat().st_ino
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["api-keys"]


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    file = file_with(tmp_path, LINE)
    with suppress(ZeroDivisionError), changing(file) as keys:
        keys.clear()
        raise ZeroDivisionError
    assert file.read_text() == f"{LINE}\n"
    with pytest.raises(ApiKeysError, match="cannot be written"):
        changing(tmp_path / "nowhere" / "api-keys").__enter__()


def test_two_who_change_the_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    file = tmp_path / "api-keys"
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)

    def add() -> None:
        with changing(file) as keys:
            keys.append(ApiKey.of(new_key(), name="second"))

    adding = threading.Thread(target=add)
    adding.start()
    # What is written under the lock is seen by who has waited for it.
    write_keys(file, [ApiKey.of(new_key(), name="first")])
    os.close(folder)
    adding.join(timeout=10)
    assert [key.name for key in read_keys(file)] == ["first", "second"]
