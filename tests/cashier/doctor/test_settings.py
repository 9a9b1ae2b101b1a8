"""Each wrong setting of each part is named by the doctor, whatever else is wrong."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from cashier.doctor.all_checks import examine
from cashier.doctor.checks.findings import Finding, State
from cashier.doctor.settings import CLASSES, Part, read_parts
from tests.settings.accidents import IMPOSSIBLE
from tests.settings.every_setting import (
    settings_classes,
    sound_environment,
    variable_of,
)
from tests.settings.secrets_given import SECRETS

PARTS = {part: load() for part, load in CLASSES.items()}
EVERY_SETTING = [
    (part, variable_of(settings, field))
    for part, settings in PARTS.items()
    for field in settings.model_fields
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mapping[str, str]]:
    """Return a sound value of every setting, and the folder of all files they name."""
    folder = tmp_path_factory.mktemp("made")
    environment = dict(sound_environment(folder))
    # The keys of tokens are either a URL or a file.
    environment.pop("CASHIER_CODEC_TOKEN_KEYS_FILE")
    environment.pop("CASHIER_OUTGOING_PROXY")
    return folder, environment


@pytest.fixture
def sound(
    made: tuple[Path, Mapping[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Mapping[str, str]:
    """Set a sound value of every setting, with files of the test's own."""
    folder, environment = made
    own = shutil.copytree(folder, tmp_path / "own")
    values = {
        name: value.replace(str(folder), str(own))
        for name, value in environment.items()
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


def wrong_lines(part: Part) -> list[Finding]:
    return [one for one in read_parts([part]).findings if one.state is State.WRONG]


def test_every_process_that_has_settings_is_a_part_that_is_looked_at() -> None:
    looked_at = {one for settings in PARTS.values() for one in settings.__mro__}
    assert [one for one in settings_classes() if one not in looked_at] == []


@pytest.mark.parametrize("part", Part)
def test_a_part_whose_settings_are_sound_is_well(
    part: Part, sound: Mapping[str, str]
) -> None:
    [found] = read_parts([part]).findings
    assert (found.state, found.name) == (State.OK, part), found


@pytest.mark.parametrize(("part", "variable"), EVERY_SETTING)
def test_each_wrong_setting_of_each_part_is_named(
    part: Part,
    variable: str,
    sound: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    value = sound.get(variable, "a value")
    monkeypatch.setenv(variable, IMPOSSIBLE["an escape"](value))
    found = [one for one in wrong_lines(part) if one.why.startswith(f"{variable}: ")]
    assert found, read_parts([part]).findings
    assert all(one.exit_code == 2 for one in found)
    if len(value) > 8:
        assert value not in "".join(one.why + one.todo for one in found)


KINDS = {
    "a client id with a blank": ("CASHIER_CLIENT_ID", "5J 00", "letters, digits"),
    "a slash after the notify URL": (
        "CASHIER_NOTIFY_URL",
        "https://shop.example/alipay/notifications/payment/",
        "without a slash at its end",
    ),
    "a notify URL without TLS": (
        "CASHIER_NOTIFY_URL",
        "http://shop.example/alipay/notifications/payment",
        "https://",
    ),
    "a notify URL that Alipay cannot reach": (
        "CASHIER_NOTIFY_URL",
        "https://10.0.0.7/alipay/notifications/payment",
        "Alipay must reach it",
    ),
    "a host with a path": (
        "CASHIER_ALIPAY_HOST",
        "https://open-sea-global.alipay.com/ams",
        "paths are added by us",
    ),
    "a key version that is no number": ("CASHIER_KEY_VERSION", "one", "whole number"),
    "a callback URL with a port that no host has": (
        "CASHIER_CALLBACK_URL",
        "https://shop.example:99999/",
        "from 1 to 65535",
    ),
    "a folder that is not there": (
        "CASHIER_PAYLOAD_KEYS_DIR",
        "/nowhere/keys",
        "there is no folder",
    ),
    "a file that is not there": (
        "CASHIER_CALLBACK_SECRETS_FILE",
        "/nowhere/secrets",
        "there is no file",
    ),
    "clear text and keys": ("CASHIER_CLEAR_TEXT", "true", "payload_keys_dir"),
    "a proxy with a path": (
        "CASHIER_OUTGOING_PROXY",
        "http://proxy.example:3128/path",
        "paths are added by us",
    ),
    "a Temporal without a port": ("TEMPORAL_ADDRESS", "temporal", "host:port"),
    "a namespace with a blank": ("TEMPORAL_NAMESPACE", "pay ments", "letters, digits"),
    "a certificate that is not there": (
        "TEMPORAL_TLS_CLIENT_CERT_PATH",
        "/nowhere/cert.pem",
        "cannot be read",
    ),
}


@pytest.mark.parametrize(("variable", "value", "rule"), KINDS.values(), ids=KINDS)
def test_each_kind_of_a_wrong_setting_is_named_with_its_rule(
    variable: str,
    value: str,
    rule: str,
    sound: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)
    [found] = wrong_lines(Part.WORKER)
    assert variable.partition("_CLIENT_CERT")[0] in found.why
    assert rule in found.why
    assert found.todo


@pytest.mark.parametrize("name", ["CASHIER_ARCHIVE_DIR", "CASHIER_AUDIT_KEY_FILE"])
def test_an_archive_without_its_key_and_a_key_without_its_archive_are_named(
    name: str, sound: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name)
    [found] = wrong_lines(Part.ARCHIVER)
    assert found.why.startswith(f"{name}: needed")


def test_a_key_that_signs_no_bundles_is_named(
    sound: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sound["CASHIER_PRIVATE_KEY_FILE"]
    monkeypatch.setenv("CASHIER_AUDIT_KEY_FILE", other)
    [found] = wrong_lines(Part.ARCHIVER)
    assert found.why.startswith("CASHIER_AUDIT_KEY_FILE: ")
    assert other in found.why


def test_a_private_key_with_a_password_is_named(
    sound: Mapping[str, str],
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file = Path(sound["CASHIER_PRIVATE_KEY_FILE"])
    file.write_bytes(
        key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hunter2")
        )
    )
    [found] = wrong_lines(Part.WORKER)
    assert found.why.startswith("CASHIER_PRIVATE_KEY_FILE: ")
    assert "encrypted with a password" in found.why


def test_keys_of_alipay_under_another_name_are_named(sound: Mapping[str, str]) -> None:
    folder = Path(sound["CASHIER_ALIPAY_KEYS_DIR"])
    (folder / "1.pem").rename(folder / "alipay.pem")
    [found] = wrong_lines(Part.API)
    assert found.why.startswith("CASHIER_ALIPAY_KEYS_DIR: ")
    assert "{keyVersion}.pem" in found.why


def test_a_callback_secret_that_is_none_is_named_and_not_shown(
    sound: Mapping[str, str],
) -> None:
    Path(sound["CASHIER_CALLBACK_SECRETS_FILE"]).write_text("whsec_c2hvcnQ=")
    [found] = wrong_lines(Part.WORKER)
    assert found.why.startswith("CASHIER_CALLBACK_SECRETS_FILE: ")
    assert "c2hvcnQ" not in found.why


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_in_place_of_its_file_is_named_and_not_shown(
    secret: str, sound: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASHIER_PRIVATE_KEY_FILE", secret)
    [found] = wrong_lines(Part.WORKER)
    assert "looks like a key" in found.why
    assert secret.strip()[5:20] not in found.why + found.todo


async def test_wrong_settings_of_one_part_leave_the_checks_of_another(
    sound: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(Path(sound["CASHIER_ALIPAY_KEYS_DIR"]))
    # Nobody listens there: it is named, too, and nothing waits for it.
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    found = await examine([Part.WORKER, Part.API, Part.STOREFRONT])
    states = {(one.subject, one.name): one.state for one in found}
    assert ("settings", Part.STOREFRONT) in states
    assert states["settings", Part.STOREFRONT] is State.OK
    assert states["temporal", "answer"] is State.WRONG
    assert states["folders", "STOREFRONT_DATABASE"] is State.OK
    skipped = {one.subject for one in found if one.state is State.SKIPPED}
    assert skipped == {
        *("keys", "alipay", "notify URL", "workers", "payload keys", "callbacks"),
    }
