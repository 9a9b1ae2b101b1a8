"""Keys in files, as usual tools write them: read, or refused with an explanation."""

import base64
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from alipay.errors import KeyFormatError
from alipay.keys.files import read_private_key, read_public_keys

PKCS8, PKCS1 = PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL
ATTRIBUTES = """Bag Attributes
    friendlyName: merchant
    localKeyID: 54 69 6D 65
Key Attributes: <No Attributes>
"""
Shape = Callable[[str], str | bytes]
# PEM files as changed by usual tools.
SHAPES: dict[str, Shape] = {
    "as it is": lambda pem: pem,
    "with a byte order mark": lambda pem: "\ufeff" + pem,
    "in UTF-16": lambda pem: pem.encode("utf-16"),
    "with line feeds written out": lambda pem: pem.replace("\n", "\\n"),
    "with both line ends written out": lambda pem: pem.replace("\n", "\\r\\n"),
    "with the line ends of Windows": lambda pem: pem.replace("\n", "\r\n"),
    "in quotation marks": lambda pem: f'"{pem.strip()}"\n',
    "in one line in single quotation marks": lambda pem: (
        "'" + pem.strip().replace("\n", "\\n") + "'"
    ),
    "after bag attributes": lambda pem: ATTRIBUTES + pem,
    "indented": lambda pem: textwrap.indent(pem, "    "),
    "without line ends": lambda pem: pem.replace("\n", ""),
    "with a zero width space": lambda pem: pem[:99] + "\u200b" + pem[99:],
    "with a no-break space": lambda pem: pem[:99] + "\u00a0" + pem[99:],
    "with no-break spaces for blanks": lambda pem: pem.replace(" ", "\u00a0"),
    "with words after it": lambda pem: pem + "\nfor the sandbox\n",
}
EVERY_SHAPE = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def private_pem(key: RSAPrivateKey, form: PrivateFormat = PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def public_pem(key: RSAPrivateKey, form: PublicFormat) -> str:
    return key.public_key().public_bytes(Encoding.PEM, form).decode()


def relabelled(pem: str) -> str:
    """Put PKCS#1 under the label of PKCS#8, and the reverse."""
    return pem.replace("RSA ", "") if "RSA " in pem else pem.replace(" P", " RSA P")


def kept(text: str | bytes, file: Path) -> Path:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def certificate_of(key: RSAPrivateKey) -> str:
    name = x509.Name([])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key())
    made = made.serial_number(1).not_valid_before(now)
    made = made.not_valid_after(now + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


@EVERY_SHAPE
@pytest.mark.parametrize("form", [PKCS8, PKCS1], ids=["PKCS8", "PKCS1"])
@pytest.mark.parametrize("label", [str, relabelled], ids=["right", "wrong label"])
def test_a_private_key_is_read_as_tools_leave_it(
    shape: Shape,
    form: PrivateFormat,
    label: Callable[[str], str],
    tmp_path: Path,
    merchant_key: RSAPrivateKey,
) -> None:
    file = kept(shape(label(private_pem(merchant_key, form))), tmp_path / "key.pem")
    assert read_private_key(file).private_numbers() == merchant_key.private_numbers()


@EVERY_SHAPE
@pytest.mark.parametrize(
    "form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1], ids=str
)
@pytest.mark.parametrize("label", [str, relabelled], ids=["right", "wrong label"])
def test_a_public_key_is_read_as_tools_leave_it(
    shape: Shape,
    form: PublicFormat,
    label: Callable[[str], str],
    tmp_path: Path,
    alipay_key: RSAPrivateKey,
) -> None:
    kept(shape(label(public_pem(alipay_key, form))), tmp_path / "1.pem")
    assert read_public_keys(tmp_path) == {"1": alipay_key.public_key()}


def test_a_key_beside_its_certificate_is_read(
    tmp_path: Path, merchant_key: RSAPrivateKey
) -> None:
    both = certificate_of(merchant_key) + ATTRIBUTES + private_pem(merchant_key)
    read = read_private_key(kept(both, tmp_path / "key.pem"))
    assert read.private_numbers() == merchant_key.private_numbers()


def test_base64_in_the_alphabet_of_urls_is_read(
    tmp_path: Path, merchant_key: RSAPrivateKey
) -> None:
    der = merchant_key.private_bytes(Encoding.DER, PKCS8, NoEncryption())
    text = base64.urlsafe_b64encode(der).rstrip(b"=")
    read = read_private_key(kept(text, tmp_path / "key.pem"))
    assert read.private_numbers() == merchant_key.private_numbers()


def encrypted(key: RSAPrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(
        Encoding.PEM, form, BestAvailableEncryption(b"password")
    ).decode()


# Malformed private keys, and the text of each refusal.
WRONG: dict[str, tuple[Callable[[RSAPrivateKey], str | bytes], str]] = {
    "public": (
        lambda key: public_pem(key, PublicFormat.SubjectPublicKeyInfo),
        "found PUBLIC KEY",
    ),
    "public as one line": (
        lambda key: base64.b64encode(
            key.public_key().public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            )
        ),
        "found a public key",
    ),
    "certificate": (certificate_of, "found CERTIFICATE"),
    "encrypted": (lambda key: encrypted(key, PKCS8), "encrypted with a password"),
    "encrypted PKCS1": (lambda key: encrypted(key, PKCS1), "encrypted with a passw"),
    "encrypted one line": (
        lambda key: base64.b64encode(
            key.private_bytes(Encoding.DER, PKCS8, BestAvailableEncryption(b"password"))
        ),
        "encrypted with a password",
    ),
    "OpenSSH": (
        lambda key: key.private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
        ),
        "form of OpenSSH",
    ),
    "cut": (lambda key: private_pem(key)[:800], "has no end"),
    "binary": (
        lambda key: key.private_bytes(Encoding.DER, PKCS8, NoEncryption()),
        "binary form",
    ),
    "empty": (lambda _: " \n", "is empty"),
    "another label": (
        lambda _: "-----BEGIN 7SECRET7-----\nAAAA\n-----END 7SECRET7-----",
        "an unknown block",
    ),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG)
def test_a_malformed_private_key_is_refused_with_its_file_and_content(
    content: Callable[[RSAPrivateKey], str | bytes],
    said: str,
    tmp_path: Path,
    merchant_key: RSAPrivateKey,
) -> None:
    written = content(merchant_key)
    file = kept(written, tmp_path / "merchant.pem")
    with pytest.raises(KeyFormatError, match=said) as refusal:
        read_private_key(file)
    text = str(refusal.value)
    assert str(file) in text
    assert refusal.value.__suppress_context__
    shown = written if isinstance(written, str) else written.decode("latin-1")
    pieces = [shown[at : at + 8] for at in range(30, len(shown) - 8, 8)]
    assert [piece for piece in pieces if piece in text and piece.isalnum()] == []
    assert "7SECRET7" not in text


def test_a_private_key_among_public_ones_is_refused_by_name(
    tmp_path: Path, alipay_key: RSAPrivateKey
) -> None:
    kept(private_pem(alipay_key), tmp_path / "2.pem")
    with pytest.raises(KeyFormatError, match=r"2\.pem.*found PRIVATE KEY"):
        read_public_keys(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.pem").mkdir()
    with pytest.raises(KeyFormatError, match=r"1\.pem.*Is a directory"):
        read_public_keys(tmp_path)


def test_what_macos_leaves_beside_a_key_is_passed_over(
    tmp_path: Path, alipay_key: RSAPrivateKey
) -> None:
    pem = public_pem(alipay_key, PublicFormat.SubjectPublicKeyInfo)
    kept(pem, tmp_path / "1.pem")
    kept(b"\x00\x05\x16\x07\x00\x02", tmp_path / "._1.pem")
    assert read_public_keys(tmp_path).keys() == {"1"}
