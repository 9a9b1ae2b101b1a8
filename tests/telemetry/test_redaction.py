"""What must never be logged is taken out, and nothing else is."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import BaseModel, ValidationError

from alipay.keys.rsa import one_line_public_key
from alipay.messages import Message
from alipay.signing import sign
from telemetry.redaction import redact


def pem_of(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_a_key_is_removed_whole_or_cut_off(merchant_key: RSAPrivateKey) -> None:
    pem = pem_of(merchant_key)
    assert redact(f"read {pem} done") == "read [removed]\n done"
    for text in (
        pem,
        pem[: len(pem) // 2],
        one_line_public_key(merchant_key.public_key()),
    ):
        kept = redact(f"before {text}")
        assert kept.startswith("before [removed]")
        assert not any(line in kept for line in text.splitlines() if len(line) > 30)


@pytest.mark.parametrize(
    "form",
    [
        "Signature: {}",
        "{{'signature': '{}'}}",
        '{{"Signature": "{}"}}',
        "signature={}",
        "it was {}",
    ],
)
def test_a_signature_is_removed(form: str, merchant_key: RSAPrivateKey) -> None:
    message = Message("POST", "/pay", "client", "2026-11-24T10:02:41Z", b"{}")
    header = sign(message, merchant_key)
    value = header.rpartition("signature=")[2]
    for secret in (header, value):
        assert value not in redact(form.format(secret))


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer tok-4711_x", "tok-4711_x"),
        ("{'authorization': 'bearer tok-4711_x'}", "tok-4711_x"),
        (
            "signs with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo",
        ),
        ("made cashier_" + "k" * 43 + " for shop", "kkkkkkk"),
        ("mail to jane.doe+x@shop.example, please", "jane.doe"),
        ("GET /?mail=jane.doe%40shop.example", "jane.doe"),
    ],
)
def test_tokens_and_addresses_are_removed(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)
    assert "[removed]" in redact(text)


def test_the_value_in_an_error_of_pydantic_is_removed() -> None:
    class Body(BaseModel):
        phone: int

    with pytest.raises(ValidationError) as raised:
        Body.model_validate({"phone": "+63 917 555 0199, ask for Jane"})
    assert "917" in str(raised.value)
    assert "917" not in redact(str(raised.value))
    assert "phone" in redact(str(raised.value))


@pytest.mark.parametrize(
    "text",
    [
        "order coffee-1 paid",
        "page-472c90fb1036c34cf73aaf37f9c7e935",
        "trace_id 2fcf9528cb4658a7098fd88941110b40",
        "payment:" + "x" * 60,
        "pay: ReadTimeout",
        "cashier_notification_to_paid_seconds_bucket",
        'File "/opt/cashier/lib/python3.11/site-packages/httpx/_client.py", line 1',
    ],
)
def test_ids_and_words_stay(text: str) -> None:
    assert redact(text) == text
