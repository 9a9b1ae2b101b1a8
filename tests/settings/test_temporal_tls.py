"""Certificates and keys for Temporal that cannot be used are named before the start."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from typer.testing import CliRunner

from cashier.commands import app
from cashier.system.home import Home
from cashier.system.ports import Ports
from settings.temporal import TemporalSettingError, temporal_config
from tests.settings.secrets_given import SECRETS

TLS = "TEMPORAL_TLS_"
NO_FILE = {"TEMPORAL_CONFIG_FILE": "/dev/null"}


def a_certificate(key: EllipticCurvePrivateKey) -> bytes:
    name = x509.Name.from_rfc4514_string("CN=cashier")
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
    builder = builder.not_valid_before(now)
    builder = builder.not_valid_after(now + timedelta(days=1))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def pem_of(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def sound(tmp_path: Path) -> dict[str, str]:
    key = generate_private_key(SECP256R1())
    (tmp_path / "cert.pem").write_bytes(a_certificate(key))
    (tmp_path / "key.pem").write_bytes(pem_of(key))
    return {
        **NO_FILE,
        f"{TLS}CLIENT_CERT_PATH": str(tmp_path / "cert.pem"),
        f"{TLS}CLIENT_KEY_PATH": str(tmp_path / "key.pem"),
        f"{TLS}SERVER_CA_CERT_PATH": str(tmp_path / "cert.pem"),
    }


def refusal_of(given: dict[str, str]) -> str:
    with pytest.raises(TemporalSettingError) as refusal:
        temporal_config(given)
    return str(refusal.value)


def test_certificates_and_a_key_that_fit_are_taken(sound: dict[str, str]) -> None:
    assert temporal_config(sound)["tls"]


def test_they_are_taken_as_texts_of_several_lines(sound: dict[str, str]) -> None:
    texts = {
        name.replace("_PATH", "_DATA"): Path(value).read_text()
        for name, value in sound.items()
        if name.startswith(TLS)
    }
    assert temporal_config({**NO_FILE, **texts})["tls"]


@pytest.mark.parametrize("name", ["CLIENT_CERT", "CLIENT_KEY", "SERVER_CA_CERT"])
def test_a_file_that_is_not_pem_is_named_by_its_variable(
    name: str, sound: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "wrong.pem").write_text("s3cret-nonsense")
    said = refusal_of({**sound, f"{TLS}{name}_PATH": str(tmp_path / "wrong.pem")})
    assert said.startswith(f"{TLS}{name}_PATH")
    assert "holds 15 bytes; must be a" in said
    assert "s3cret" not in said


def test_the_key_of_another_certificate_is_refused(
    sound: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_bytes(pem_of(generate_private_key(SECP256R1())))
    assert "is not the key of the certificate" in refusal_of(sound)


@pytest.mark.parametrize("name", ["CLIENT_CERT", "CLIENT_KEY"])
def test_one_without_the_other_is_refused(name: str, sound: dict[str, str]) -> None:
    del sound[f"{TLS}{name}_PATH"]
    assert f"{TLS}{name}_PATH: needed" in refusal_of(sound)


def test_a_configuration_file_that_is_not_there_is_refused() -> None:
    said = refusal_of({"TEMPORAL_CONFIG_FILE": "/nowhere/temporal.toml"})
    assert said == "TEMPORAL_CONFIG_FILE: there is no file '/nowhere/temporal.toml'"


@pytest.mark.parametrize("name", ["TEMPORAL_CONFIG_FILE", f"{TLS}CLIENT_KEY_PATH"])
@pytest.mark.parametrize(
    "secret", [*SECRETS.values(), "hunter2hunter2"], ids=[*SECRETS, "a password"]
)
def test_a_secret_in_place_of_its_file_is_not_shown_of_temporals_settings(
    name: str, secret: str, sound: dict[str, str]
) -> None:
    said = refusal_of({**sound, name: secret})
    assert said.startswith("TEMPORAL_")
    assert secret.strip()[5:14] not in said


@pytest.mark.parametrize("command", ["worker", "api", "stuck"])
@pytest.mark.parametrize("name", ["TEMPORAL_CONFIG_FILE", f"{TLS}CLIENT_CERT_PATH"])
def test_no_process_starts_that_could_never_reach_temporal(
    command: str, name: str, tmp_path: Path
) -> None:
    home = Home(tmp_path)
    home.prepare()
    environment = {**home.environment(Ports()), name: "/nowhere/file.pem"}
    wrong = CliRunner().invoke(app, [command], env=environment)
    assert wrong.exit_code == 2
    assert "/nowhere/file.pem" in wrong.output
