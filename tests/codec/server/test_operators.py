"""The file of operators: what is kept of passwords, and what is said of bad lines."""

from pathlib import Path

import pytest

from codec.server.operators import (
    Operators,
    OperatorsError,
    add_operator,
    hash_password,
    is_password,
    read_operators,
)

PASSWORD = "correct horse battery"
HASH = hash_password(PASSWORD)


def test_of_a_password_only_a_salted_hash_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "operators"
    add_operator(file, "olga", PASSWORD)
    assert file.stat().st_mode & 0o077 == 0
    assert PASSWORD not in file.read_text()
    assert is_password(PASSWORD, read_operators(file)["olga"])
    assert hash_password(PASSWORD) != HASH


def test_others_stay_when_one_gets_a_new_password(tmp_path: Path) -> None:
    file = tmp_path / "operators"
    file.write_text(f"# on duty\n\nolga:{HASH}\n")
    add_operator(file, "omar", PASSWORD)
    add_operator(file, "omar", PASSWORD + "2")
    found = read_operators(file)
    assert found["olga"] == HASH
    assert is_password(PASSWORD + "2", found["omar"])
    assert [path.name for path in tmp_path.iterdir()] == ["operators"]


@pytest.mark.parametrize("password", ["", "Correct horse battery", PASSWORD + " "])
def test_another_password_is_not_the_password(password: str) -> None:
    assert is_password(PASSWORD, HASH)
    assert not is_password(password, HASH)


@pytest.mark.parametrize(
    "line",
    [
        "olga",
        "olga:",
        f"olga:{PASSWORD}",
        f":{HASH}",
        f"ol ga:{HASH}",
        f"olga@shop.example:{HASH}",
        f"olga:{HASH}$x",
        f"olga:{HASH.replace('16384', '16383')}",
        f"olga:{HASH.replace('16384', str(2**30))}",
        f"olga:{HASH.replace('scrypt', 'md5')}",
        f"olga:{HASH[:-3]}!==",
    ],
    # The hash has another salt in each process of the tests.
    ids=[
        "no hash",
        "empty hash",
        "a password",
        "no name",
        "a blank",
        "an address",
        "a part more",
        "odd cost",
        "huge cost",
        "another function",
        "no Base64",
    ],
)
def test_a_bad_line_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    file = tmp_path / "operators"
    file.write_text(f"omar:{HASH}\n{line}\n")
    with pytest.raises(OperatorsError, match=r"line 2 of .*operators' is not") as error:
        Operators(file)
    assert HASH.rpartition("$")[2][:20] not in str(error.value)
    assert PASSWORD not in str(error.value)


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "operators"
    file.write_text(f"olga:{HASH}\nolga:{HASH}\n")
    with pytest.raises(OperatorsError, match=r"line 2 .* second time"):
        Operators(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorsError, match="cannot be read: No such file"):
        Operators(tmp_path / "operators")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "operators").write_bytes(b"\xff\xfe")
    with pytest.raises(OperatorsError, match="is not text"):
        Operators(tmp_path / "operators")


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 1025])
def test_a_password_too_short_or_too_long_is_refused(
    tmp_path: Path, password: str
) -> None:
    with pytest.raises(OperatorsError, match="it must have 12 to 1024"):
        add_operator(tmp_path / "operators", "olga", password)
    assert not (tmp_path / "operators").exists()


@pytest.mark.parametrize(
    "name", ["", "a:b", "a b", "-a", "x" * 65, "a\nb", "a@b.example"]
)
def test_a_bad_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorsError, match="letters, digits"):
        add_operator(tmp_path / "operators", name, PASSWORD)
