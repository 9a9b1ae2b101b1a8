"""Checks the merchant's key pair and Alipay's public keys, and shows which they are."""

import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from alipay.keys.files import read_public_keys
from alipay.keys.rsa import one_line_public_key
from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.doctor.checks.running import Findings, in_own_thread
from settings.shared import Settings
from settings.worker import WorkerSettings

SUBJECT = "keys"
# docs/protocol.md 1.5
LEAST_BITS = 2048
# Long enough to distinguish a merchant's few keys, short enough to compare by eye.
DIGITS_SHOWN = 16
# All keys of one size begin with the same characters in Base64; these differ.
DIFFERS = slice(44, 60)


async def check_keys(
    settings: Settings, private_key_of: WorkerSettings | None
) -> Findings:
    """Compare all keys with each other.

    Args:
        settings: The settings that name Alipay's keys.
        private_key_of: The worker's settings, which name the merchant's key; None
            without a worker.
    """
    alipay = await in_own_thread(lambda: read_public_keys(settings.alipay_keys_dir))
    merchant = private_key_of.private_key.public_key() if private_key_of else None
    if private_key_of and merchant:
        yield _of_merchant(merchant, private_key_of.key_version)
    yield _of_alipay(alipay, merchant)


def fingerprint(key: RSAPublicKey) -> str:
    """Return the SHA-256 of a public key, in hexadecimal digits."""
    return hashlib.sha256(
        key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).hexdigest()


def _of_merchant(key: RSAPublicKey, version: int) -> Finding:
    if key.key_size < LEAST_BITS:
        return wrong(
            SUBJECT,
            "merchant",
            f"CASHIER_PRIVATE_KEY_FILE: the key has {key.key_size} bits, and Alipay's "
            f"keys have {LEAST_BITS}",
            "make a new pair with `cashier keys FOLDER`, and paste its public key "
            "into Alipay's dashboard",
        )
    return ok(
        SUBJECT,
        "merchant",
        f"the public key, which Alipay's dashboard shows as version {version}, "
        f"contains ...{one_line_public_key(key)[DIFFERS]}... from its "
        f"{DIFFERS.start + 1}th character on (SHA-256 "
        f"{fingerprint(key)[:DIGITS_SHOWN]})",
    )


def _of_alipay(
    alipay: Mapping[str, RSAPublicKey], merchant: RSAPublicKey | None
) -> Finding:
    prints = {version: fingerprint(key) for version, key in alipay.items()}
    if merchant and fingerprint(merchant) in prints.values():
        [own, *_] = (one for one in prints if prints[one] == fingerprint(merchant))
        return wrong(
            SUBJECT,
            "alipay",
            f"CASHIER_ALIPAY_KEYS_DIR: {own}.pem is the merchant's own public key "
            "instead of Alipay's: no signature of Alipay's can be verified",
            f"copy *Alipay's* public key from the dashboard into {own}.pem, for API "
            "and workers",
        )
    if len({*prints.values()}) < len(prints):
        return wrong(
            SUBJECT,
            "alipay",
            f"CASHIER_ALIPAY_KEYS_DIR: the files {_files(prints)} contain the same key",
            "give each version the key that Alipay's dashboard shows for it",
        )
    short = [version for version, key in alipay.items() if key.key_size < LEAST_BITS]
    if short:
        return wrong(
            SUBJECT,
            "alipay",
            f"CASHIER_ALIPAY_KEYS_DIR: {short[0]}.pem has fewer than {LEAST_BITS} bits",
            "copy Alipay's public key from the dashboard",
        )
    shown = ", ".join(
        f"version {version} (SHA-256 {digits[:DIGITS_SHOWN]})"
        for version, digits in prints.items()
    )
    return ok(SUBJECT, "alipay", f"Alipay's public keys: {shown}")


def _files(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{version}.pem" for version in versions)
