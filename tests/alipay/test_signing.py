"""Signatures: known answers, every way to be wrong, and lenient reading."""

import base64
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given, settings, strategies as st

from alipay.errors import SignatureVerificationError
from alipay.keys.rsa import AlipayKeys, load_public_key
from alipay.messages import Message
from alipay.signing import LONGEST_HEADER, sign, verify
from tests.samples.reading import vector_keys, vectors

MESSAGE = Message(
    "POST",
    "/alipay/notifications/payment",
    "5J0000000000000000",
    "2026-09-01T10:02:41Z",
    '{"orderDescription":"Két kávé"}'.encode(),
)

# {s}: the proper signature, percent-encoded.
ATTACKS = {
    "nothing": "",
    "blank": " ",
    "no signature": "algorithm=RSA256,keyVersion=1",
    "empty signature": "algorithm=RSA256,keyVersion=1,signature=",
    "only the value": "{s}",
    "only commas": ",,,",
    "trailing comma": "algorithm=RSA256,keyVersion=1,signature={s},",
    "other algorithm": "algorithm=RSA512,keyVersion=1,signature={s}",
    "no algorithm at all": "algorithm=none,keyVersion=1,signature={s}",
    "empty algorithm": "algorithm=,keyVersion=1,signature={s}",
    "not Base64": "algorithm=RSA256,keyVersion=1,signature=%%%",
    "Base64 cut short": "algorithm=RSA256,keyVersion=1,signature=abcde",
    "Base64 with rubbish": "algorithm=RSA256,keyVersion=1,signature=!{s}",
    "another signature": "algorithm=RSA256,keyVersion=1,signature=" + "A" * 344,
    "a short signature": "algorithm=RSA256,keyVersion=1,signature=AAAA",
    "two signatures": "signature=AAAA,signature={s}",
    "two signatures, proper first": "signature={s},signature=AAAA",
    "two signatures, other case": "Signature=AAAA,signature={s}",
    "two algorithms": "algorithm=RSA256,algorithm=none,signature={s}",
    "two versions": "keyVersion=1,keyVersion=2,signature={s}",
    "two headers joined": "keyVersion=1,signature=AAAA, keyVersion=1,signature={s}",
    "unknown version": "algorithm=RSA256,keyVersion=3,signature={s}",
    "version of another key": "algorithm=RSA256,keyVersion=1,signature={s}",
    "negative version": "algorithm=RSA256,keyVersion=-2,signature={s}",
    "version in words": "algorithm=RSA256,keyVersion=two,signature={s}",
    "version in Arabic digits": "algorithm=RSA256,keyVersion=\u0662,signature={s}",
    "version of 4000 digits": f"keyVersion={'2' * 4000},signature=AAAA",
    "huge": "signature=" + "A" * LONGEST_HEADER,
    "line break": "algorithm=RSA256\r\nX: y,keyVersion=2,signature={s}",
    "line break in the value": "keyVersion=2,signature=\r\n\r\n{s}\r\n%0d",
    "not ASCII": "algorithm=RSA256,keyVersion=2,signature=é{s}",
    "not ASCII, encoded": "algorithm=RSA256,keyVersion=2,signature=%C3%A9{s}",
    "a null byte": "algorithm=RSA256,keyVersion=2,signature=\0{s}",
    "half a character": "algorithm=RSA256,keyVersion=2,signature=\ud800{s}",
    "a reason to parse": "algorithm=RSA256,keyVersion=2,signature={'a': 1}",
}


@pytest.fixture(scope="module")
def keys(merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey) -> AlipayKeys:
    """Version 2 is Alipay's newest; version 1 is another key."""
    return AlipayKeys({"1": merchant_key.public_key(), "2": alipay_key.public_key()})


def encoded(key: RSAPrivateKey, message: Message = MESSAGE) -> str:
    """The bare signature, percent-encoded."""
    return sign(message, key).partition("signature=")[2]


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
def test_a_known_signature_verifies(vector: dict[str, str]) -> None:
    owner = "gateway" if vector["name"].startswith("gateway") else "merchant"
    keys = AlipayKeys({"1": load_public_key(vector_keys()[f"{owner}PublicKeyBase64"])})
    message = Message(
        vector["method"],
        vector["path"],
        vector["clientId"],
        vector["time"],
        vector["body"].encode(),
    )
    assert message.to_sign() == vector["stringToSign"].encode()
    verify(message, vector["signatureHeader"], keys)
    with pytest.raises(SignatureVerificationError):
        verify(replace(message, time="0"), vector["signatureHeader"], keys)


def test_a_signature_is_written_as_alipay_writes_it(alipay_key: RSAPrivateKey) -> None:
    header = sign(MESSAGE, alipay_key, key_version=7)
    assert header.startswith("algorithm=RSA256,keyVersion=7,signature=")
    value = header.partition("signature=")[2]
    assert value.endswith("%3D%3D")
    assert not set("+/=") & set(value)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_wrong_header_proves_nothing(
    attack: str, keys: AlipayKeys, alipay_key: RSAPrivateKey
) -> None:
    header = attack.replace("{s}", encoded(alipay_key))
    with pytest.raises(SignatureVerificationError) as refusal:
        verify(MESSAGE, header, keys)
    # It will be logged: short, on one line, and without the signature.
    assert len(str(refusal.value)) < 200
    assert str(refusal.value).isprintable()
    assert encoded(alipay_key) not in str(refusal.value)


def test_a_missing_header_proves_nothing(keys: AlipayKeys) -> None:
    with pytest.raises(SignatureVerificationError, match="missing"):
        verify(MESSAGE, None, keys)


@pytest.mark.parametrize(
    "forged",
    [
        replace(MESSAGE, method="GET"),
        replace(MESSAGE, path=MESSAGE.path + "/"),
        replace(MESSAGE, path=MESSAGE.path.upper()),
        replace(MESSAGE, client_id="5J0000000000000001"),
        replace(MESSAGE, time="2026-09-01T10:02:42Z"),
        replace(MESSAGE, body=MESSAGE.body + b" "),
        replace(MESSAGE, body=MESSAGE.body[:-1]),
        replace(MESSAGE, body=b""),
        replace(MESSAGE, time="\ud800"),
    ],
    ids=[
        "method",
        "path",
        "case of the path",
        "client id",
        "time",
        "body longer",
        "body shorter",
        "no body",
        "half a character",
    ],
)
def test_a_message_changed_by_one_byte_is_not_proven(
    forged: Message, keys: AlipayKeys, alipay_key: RSAPrivateKey
) -> None:
    with pytest.raises(SignatureVerificationError):
        verify(forged, sign(MESSAGE, alipay_key, key_version=2), keys)


@pytest.mark.parametrize(
    "spelling",
    [
        "algorithm=RSA256,keyVersion=2,signature={s}",
        "algorithm=RSA256, keyVersion=2, signature={s}",
        " algorithm = RSA256 ,\tkeyVersion = 2 , signature = {s} ",
        "signature={s},keyVersion=2,algorithm=RSA256",
        "ALGORITHM=rsa256,KEYVERSION=2,SIGNATURE={s}",
        "keyVersion=2,signature={s}",
        "algorithm=RSA256,keyVersion=02,signature={s}",
        "algorithm=RSA256,signature={s}",
        "algorithm=RSA256,keyVersion=,signature={s}",
        "algorithm=RSA256,keyVersion=2,signature={s},expires=never",
        "keyVersion=2,signature={s},keyVersion=2,signature={s}",
    ],
)
@pytest.mark.parametrize("encoding", ["percent", "lower", "plain", "blanks", "of URLs"])
def test_a_proper_header_verifies_however_it_is_spelt(
    spelling: str, encoding: str, keys: AlipayKeys, alipay_key: RSAPrivateKey
) -> None:
    message, plain = a_signature_with_a_plus(alipay_key)
    value = {
        "percent": quote(plain, safe=""),
        "lower": quote(plain, safe="").replace("%2B", "%2b").replace("%3D", "%3d"),
        "plain": plain,
        "blanks": plain.replace("+", " "),
        "of URLs": plain.replace("+", "-").replace("/", "_").rstrip("="),
    }[encoding]
    verify(message, spelling.replace("{s}", value), keys)


def a_signature_with_a_plus(key: RSAPrivateKey) -> tuple[Message, str]:
    """A message whose signature has a `+` inside; in front, blanks are ambiguous."""
    for number in range(1000):
        message = replace(MESSAGE, body=b"%d" % number)
        plain = sign_plainly(key, message)
        if "+" in plain and not plain.startswith("+"):
            return message, plain
    raise AssertionError("no such signature")


def sign_plainly(key: RSAPrivateKey, message: Message) -> str:
    plain = unquote(encoded(key, message))
    assert len(base64.b64decode(plain)) == 256
    return plain


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=60, deadline=None)
@given(path=TEXT, client_id=TEXT, time=TEXT, body=st.binary(max_size=300))
def test_every_signed_message_verifies(
    keys: AlipayKeys,
    alipay_key: RSAPrivateKey,
    path: str,
    client_id: str,
    time: str,
    body: bytes,
) -> None:
    message = Message("POST", path, client_id, time, body)
    verify(message, sign(message, alipay_key, key_version=2), keys)


@settings(max_examples=300, deadline=None)
@given(header=st.text(max_size=200) | st.from_regex(r"(signature|keyVersion)=.{0,99}"))
def test_no_text_at_all_raises_another_error(keys: AlipayKeys, header: str) -> None:
    with pytest.raises(SignatureVerificationError):
        verify(MESSAGE, header, keys)
