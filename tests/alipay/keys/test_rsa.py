"""Keys in every form in which merchants have them; refusals never quote them."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from alipay.errors import KeyFormatError, SignatureVerificationError
from alipay.keys.rsa import (
    AlipayKeys,
    load_private_key,
    load_public_key,
    one_line_public_key,
)

EC_KEY = ec.generate_private_key(ec.SECP256R1())

PRIVATE_FORMS = [
    pytest.param(PrivateFormat.PKCS8, id="PKCS#8"),
    pytest.param(PrivateFormat.TraditionalOpenSSL, id="PKCS#1"),
]


def one_line(der: bytes) -> str:
    return base64.b64encode(der).decode()


@pytest.mark.parametrize("form", PRIVATE_FORMS)
def test_a_private_key_loads_from_pem_and_from_one_line(
    merchant_key: RSAPrivateKey, form: PrivateFormat
) -> None:
    pem = merchant_key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    der = merchant_key.private_bytes(Encoding.DER, form, NoEncryption())
    wrapped = "\n".join(one_line(der)[at : at + 64] for at in range(0, 4000, 64))
    for text in (pem, f"\n {pem}\n", one_line(der), f" {one_line(der)}\n", wrapped):
        assert load_private_key(text).private_numbers() == (
            merchant_key.private_numbers()
        )


def test_a_public_key_loads_from_pem_and_from_one_line(
    alipay_key: RSAPrivateKey,
) -> None:
    public = alipay_key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for text in (pem, f"{pem}\n", one_line_public_key(public)):
        assert load_public_key(text) == public


def test_a_key_that_is_not_rsa_is_refused() -> None:
    private = EC_KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = EC_KEY.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(KeyFormatError, match="not an RSA key"):
        load_private_key(one_line(private))
    with pytest.raises(KeyFormatError, match="not an RSA key"):
        load_public_key(public.decode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TOP-SECRET-TEXT",
        "VE9QLVNFQ1JFVC1URVhU",
        "TÖP-SECRET-TEXT",
        "-----BEGIN PRIVATE KEY-----\nTOP-SECRET-TEXT\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nVE9QLVNFQ1JFVC1URVhU\n-----END RSA PRI",
    ],
)
def test_an_unreadable_key_is_refused_without_quoting_it(text: str) -> None:
    for load in (load_private_key, load_public_key):
        with pytest.raises(KeyFormatError, match="cannot be read") as refusal:
            load(text)
        assert "SECRET" not in str(refusal.value)
        assert "VE9Q" not in str(refusal.value)
        # A log prints causes too, and the library's may quote the key.
        assert refusal.value.__cause__ is None
        assert refusal.value.__suppress_context__


def test_a_public_key_given_as_the_private_one_is_refused(
    merchant_key: RSAPrivateKey,
) -> None:
    with pytest.raises(KeyFormatError):
        load_private_key(one_line_public_key(merchant_key.public_key()))


def test_an_encrypted_private_key_is_refused(merchant_key: RSAPrivateKey) -> None:
    pem = merchant_key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )
    with pytest.raises(KeyFormatError, match="cannot be read"):
        load_private_key(pem.decode())


def test_the_newest_key_is_the_one_of_the_highest_number(
    merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    old, new = merchant_key.public_key(), alipay_key.public_key()
    keys = AlipayKeys({"9": old, "10": new})
    assert keys.of_version(None) == new
    assert keys.of_version("9") == old


@pytest.mark.parametrize("version", ["2", "-1", "1.0", "", "one", "\u0661", "9" * 5000])
def test_a_version_without_a_key_is_refused(
    alipay_key: RSAPrivateKey, version: str
) -> None:
    keys = AlipayKeys({"1": alipay_key.public_key()})
    with pytest.raises(SignatureVerificationError, match="keyVersion"):
        keys.of_version(version)


def test_alipays_keys_need_at_least_one_and_numbers_as_versions(
    alipay_key: RSAPrivateKey,
) -> None:
    with pytest.raises(KeyFormatError, match="no public key"):
        AlipayKeys({})
    with pytest.raises(KeyFormatError, match="not a whole number"):
        AlipayKeys({"latest": alipay_key.public_key()})
