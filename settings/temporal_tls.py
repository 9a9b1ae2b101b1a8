"""Check the certificates and the key for Temporal before connecting.

The SDK accepts any bytes, and fails only at the first call.
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates
from temporalio.service import TLSConfig


def check_tls(tls: TLSConfig) -> None:
    """Reject certificates and keys with which no connection can be made.

    Raises:
        ValueError: Names the variable and the rule; shows no key.
    """
    if tls.server_root_ca_cert is not None:
        _key_of_certificate("TEMPORAL_TLS_SERVER_CA_CERT", tls.server_root_ca_cert)
    cert, key = tls.client_cert, tls.client_private_key
    if cert is None and key is None:
        return
    if cert is None or key is None:
        missing = "CERT" if cert is None else "KEY"
        raise ValueError(
            f"TEMPORAL_TLS_CLIENT_{missing}_PATH: needed; certificate and private key "
            "of the client are given together"
        )
    certified = _key_of_certificate("TEMPORAL_TLS_CLIENT_CERT", cert)
    if certified != _public_key_of("TEMPORAL_TLS_CLIENT_KEY", key):
        raise ValueError(
            "TEMPORAL_TLS_CLIENT_KEY_PATH: is not the key of the certificate in "
            "TEMPORAL_TLS_CLIENT_CERT_PATH"
        )


def _key_of_certificate(name: str, pem: bytes) -> PublicKeyTypes:
    try:
        return load_pem_x509_certificates(pem)[0].public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(
            f"{name}_PATH or {name}_DATA: holds {len(pem)} bytes; must be a "
            "certificate as PEM, -----BEGIN CERTIFICATE-----"
        ) from None


def _public_key_of(name: str, pem: bytes) -> PublicKeyTypes:
    try:
        return load_pem_private_key(pem, password=None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(
            f"{name}_PATH or {name}_DATA: holds {len(pem)} bytes; must be a private "
            "key as PEM, -----BEGIN PRIVATE KEY-----, without a password"
        ) from None
