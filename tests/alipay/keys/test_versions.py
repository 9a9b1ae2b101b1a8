"""Folders of keys named by version: read, or refused with an explanation."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.errors import KeyFormatError, SignatureVerificationError
from alipay.keys.versions import read_key_versions
from cashier.system.home import write_public_key

MISNAMED: dict[str, tuple[list[str], str]] = {
    "an ending in capitals": (["1.PEM"], "'1.PEM'"),
    "an ending in capitals beside a sound name": (["1.pem", "2.PEM"], "holds '2.PEM';"),
    "the ending of an editor": (["1.pem.txt"], "'1.pem.txt'"),
    "the ending of an editor beside a sound name": (
        ["1.pem", "2.pem.txt"],
        "holds '2.pem.txt';",
    ),
    "a mark of macOS alone": (["._1.pem"], "'._1.pem'"),
    "nothing": ([], "holds nothing"),
    "no number": (["alipay.pem"], "'alipay.pem'"),
    "no number beside a sound name": (["1.pem", "alipay.pem"], "holds 'alipay.pem';"),
    "digits of another script": (["\u0661.pem"], "'\u0661.pem'"),
    "one version twice": (["1.pem", "01.pem"], "'01.pem', '1.pem', both of version 1"),
    "too many digits": (["1234567890.pem"], "'1234567890.pem'"),
    "far too many digits": (["9" * 200 + ".pem"], f"'{'9' * 40}'"),
    "other files": (["README", "key", "a", "b", "c", "d", "e"], "and 2 more"),
}


@pytest.mark.parametrize(("names", "said"), MISNAMED.values(), ids=MISNAMED)
def test_a_folder_without_rightly_named_keys_is_refused_with_its_content(
    names: list[str], said: str, tmp_path: Path, alipay_key: RSAPrivateKey
) -> None:
    for name in names:
        write_public_key(alipay_key, tmp_path / name)
    with pytest.raises(KeyFormatError) as refusal:
        read_key_versions(tmp_path)
    assert repr(str(tmp_path)) in str(refusal.value)
    assert said in str(refusal.value)
    assert "{keyVersion}.pem" in str(refusal.value)


def test_a_file_that_is_no_key_is_ignored(
    tmp_path: Path, alipay_key: RSAPrivateKey
) -> None:
    for name in ("1.pem", "002.pem", "._1.pem", ".DS_Store", "1.pem.bak", "README.txt"):
        write_public_key(alipay_key, tmp_path / name)
    keys = read_key_versions(tmp_path)
    assert keys.of_version("2") == alipay_key.public_key()
    with pytest.raises(SignatureVerificationError, match="known: 1, 2"):
        keys.of_version("3")


def test_a_folder_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(KeyFormatError, match="nowhere' cannot be read"):
        read_key_versions(tmp_path / "nowhere")
