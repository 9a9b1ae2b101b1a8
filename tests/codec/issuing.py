"""An issuer of tokens, as the login of a production cluster has one."""

import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://login.example/", "cashier-codec"


class Issuer:
    """Signs tokens, and publishes the keys that verify them."""

    def __init__(self) -> None:
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ec = ec.generate_private_key(ec.SECP256R1())

    def jwks(self) -> str:
        rsa_key = RSAAlgorithm.to_jwk(self.rsa.public_key(), as_dict=True)
        ec_key = ECAlgorithm.to_jwk(self.ec.public_key(), as_dict=True)
        other = {"kty": "OKP", "crv": "X25519", "kid": "enc", "use": "enc", "x": "AA"}
        keys = [{**rsa_key, "kid": "rsa"}, {**ec_key, "kid": "ec"}, other]
        return json.dumps({"keys": keys})

    def public_pem(self) -> bytes:
        return self.rsa.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )

    def claims(self, **changes: Any) -> dict[str, Any]:
        claims = {
            "sub": "olga",
            "iss": ISSUER,
            "aud": AUDIENCE,
            "exp": int(time.time()) + 300,
            "role": "operator",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, **changes: Any) -> str:
        return jwt.encode(
            self.claims(**changes), self.rsa, algorithm="RS256", headers={"kid": "rsa"}
        )

    def ec_token(self, **changes: Any) -> str:
        return jwt.encode(
            self.claims(**changes), self.ec, algorithm="ES256", headers={"kid": "ec"}
        )
