"""Secrets as people paste them where the name of a file is wanted."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

_RSA = generate_private_key(public_exponent=65537, key_size=2048)
_FORM = (PrivateFormat.PKCS8, NoEncryption())
_BYTES = bytes(range(200, 232))

SECRETS = {
    "an RSA key as PEM": _RSA.private_bytes(Encoding.PEM, *_FORM).decode(),
    "an RSA key as one line": base64.b64encode(
        _RSA.private_bytes(Encoding.DER, *_FORM)
    ).decode(),
    "an Ed25519 key": base64.b64encode(
        Ed25519PrivateKey.generate().private_bytes(Encoding.DER, *_FORM)
    ).decode(),
    "a secret of callbacks": "whsec_" + base64.b64encode(_BYTES).decode(),
    "a key of the API": "cashier_" + base64.urlsafe_b64encode(_BYTES).decode()[:-1],
    "a key of payloads": base64.b64encode(_BYTES).decode(),
    "a token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl",
}
