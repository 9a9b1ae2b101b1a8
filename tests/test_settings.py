"""Settings: every error is named before the start, and no secret is shown."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pydantic import ValidationError

from alipay.keys.rsa import one_line_public_key
from api.callers.keys import ApiKey, new_key, write_keys
from api.settings import ApiSettings
from cashier.settings import OperatorSettings
from cashier.system.home import new_callback_secret
from codec.keyring import make_key
from settings.worker import WorkerSettings


class Settings(ApiSettings, WorkerSettings):
    """All settings at once, to try each."""


@pytest.fixture
def sound(
    tmp_path: Path,
    merchant_key: RSAPrivateKey,
    alipay_key: RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """Settings as the environment gives them; no `.env` and no variable is near."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CASHIER_{name.upper()}", raising=False)
    private = merchant_key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (tmp_path / "alipay-keys").mkdir()
    (tmp_path / "alipay-keys" / "1.pem").write_text(
        one_line_public_key(alipay_key.public_key())
    )
    (tmp_path / "merchant.pem").write_bytes(private)
    write_keys(tmp_path / "api-keys", [ApiKey.of(new_key(), name="shop")])
    return {
        "client_id": "5J0000000000000000",
        "private_key_file": str(tmp_path / "merchant.pem"),
        "alipay_keys_dir": str(tmp_path / "alipay-keys"),
        "notify_url": "https://shop.example/alipay/notifications/payment",
        "api_keys_file": str(tmp_path / "api-keys"),
        "clear_text": "true",
    }


def settings_of(values: dict[str, str]) -> Settings:
    return Settings.model_validate(values)


def refusal_of(values: dict[str, str]) -> str:
    with pytest.raises(ValidationError) as refusal:
        settings_of(values)
    return str(refusal.value)


def test_sound_settings_are_read(
    sound: dict[str, str], merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    settings = settings_of(sound)
    assert settings.private_key.private_numbers() == merchant_key.private_numbers()
    assert settings.alipay_keys.of_version("1") == alipay_key.public_key()
    assert settings.alipay_host.startswith("https://open-sea-global.")


def test_settings_come_from_the_environment_and_from_a_file(
    sound: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"CASHIER_{name.upper()}={value}\n" for name, value in sound.items()]
    (tmp_path / ".env").write_text("".join(lines) + "UNRELATED=1\n")
    monkeypatch.setenv("CASHIER_CLIENT_ID", "5J1111111111111111")
    settings = Settings()
    assert settings.client_id == "5J1111111111111111"
    assert settings.notify_url == sound["notify_url"]


@pytest.mark.parametrize(
    "name",
    [
        "client_id",
        "private_key_file",
        "alipay_keys_dir",
        "notify_url",
        "api_keys_file",
    ],
)
def test_a_missing_setting_is_named(sound: dict[str, str], name: str) -> None:
    del sound[name]
    assert name in refusal_of(sound)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("client_id", "", "is given, and empty"),
        ("private_key_file", "/nowhere/key.pem", "there is no file"),
        ("private_key_file", ".", "there is no file"),
        ("api_keys_file", "/nowhere/api-keys", "there is no file"),
        ("api_calls_per_minute", "0", "greater than or equal to 1"),
        ("api_streams_per_key", "0", "greater than or equal to 1"),
        ("alipay_keys_dir", "/nowhere", "there is no folder"),
        ("notify_url", "http://shop.example/alipay", "https"),
        ("notify_url", "http://localhost.evil.example/alipay", "https"),
        ("notify_url", "ftp://localhost/alipay", "https"),
        ("notify_url", "/alipay/notifications/payment", "host"),
        ("notify_url", "https://shop.example/alipay?order=1", "query"),
        ("notify_url", "https://shop.example/alipay#top", "fragment"),
        ("notify_url", "https://[shop.example/alipay", ""),
        ("alipay_host", "http://open-sea-global.alipay.com", "https"),
        ("alipay_host", "open-sea-global.alipay.com", "host"),
        ("key_version", "-1", "greater than or equal to 0"),
        ("key_version", "one", "integer"),
        ("api_port", "http", "integer"),
    ],
)
def test_a_wrong_setting_is_named_with_the_reason(
    sound: dict[str, str], name: str, value: str, why: str
) -> None:
    text = refusal_of({**sound, name: value})
    assert name in text
    assert why in text


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:1", "api"])
def test_http_is_allowed_where_it_does_not_leave_the_machine(
    sound: dict[str, str], host: str
) -> None:
    url = f"http://{host}/alipay/notifications/payment"
    assert settings_of({**sound, "notify_url": url}).notify_url == url


SECRET = "dG9wLXNlY3JldC10ZXh0"


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("merchant.pem", "", "private_key_file"),
        ("merchant.pem", " \n", "private_key_file"),
        ("merchant.pem", SECRET, "private_key_file"),
        ("merchant.pem", f"{SECRET}!", "private_key_file"),
        ("alipay-keys/1.pem", SECRET, "alipay_keys_dir"),
        ("alipay-keys/2.pem", "", "alipay_keys_dir"),
        ("api-keys", "", "api_keys_file"),
        ("api-keys", SECRET, "api_keys_file"),
    ],
)
def test_an_unreadable_secret_is_named_and_not_shown(
    sound: dict[str, str], tmp_path: Path, file: str, text: str, name: str
) -> None:
    (tmp_path / file).write_text(text)
    refusal = refusal_of(sound)
    assert name in refusal
    assert SECRET not in refusal


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("merchant.pem", "private_key_file"),
        ("alipay-keys/1.pem", "alipay_keys_dir"),
        ("api-keys", "api_keys_file"),
    ],
)
def test_a_key_in_binary_form_is_named_too(
    sound: dict[str, str], tmp_path: Path, file: str, name: str
) -> None:
    (tmp_path / file).write_bytes(b"\x30\x82\x04\xa4" + bytes(range(256)))
    assert re.search(rf"\b{name}\b", refusal_of(sound))


def test_a_public_key_whose_file_has_no_version_is_named(
    sound: dict[str, str], tmp_path: Path
) -> None:
    keys = tmp_path / "alipay-keys"
    (keys / "1.pem").rename(keys / "latest.pem")
    refusal = refusal_of(sound)
    assert "alipay_keys_dir: the folder" in refusal
    assert "holds 'latest.pem'" in refusal


def test_a_key_in_the_place_of_its_hash_is_refused_and_not_shown(
    sound: dict[str, str], tmp_path: Path
) -> None:
    key = new_key()
    (tmp_path / "api-keys").write_text(key)
    refusal = refusal_of(sound)
    assert "line 1 of" in refusal
    assert "`cashier api-keys` writes such lines" in refusal
    assert key[8:] not in refusal


def test_printed_settings_show_no_secret(sound: dict[str, str]) -> None:
    settings = settings_of(sound)
    _ = settings.private_key
    shown = f"{settings!r} {settings}"
    assert "PRIVATE KEY" not in shown


def test_notifications_are_verified_for_the_path_of_their_url(
    sound: dict[str, str],
) -> None:
    path = "/behind/a/proxy/alipay/notifications/payment"
    url = f"https://shop.example{path}"
    reader = settings_of({**sound, "notify_url": url}).notification_reader()
    assert vars(reader)["_path"] == path


@pytest.fixture
def with_callbacks(sound: dict[str, str], tmp_path: Path) -> dict[str, str]:
    secrets = tmp_path / "callback-secrets"
    secrets.write_text(f"{new_callback_secret()}\n")
    return {
        **sound,
        "callback_url": "https://shop.example/webhooks",
        "callback_secrets_file": str(secrets),
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/webhooks/t0ken",
        "https://10.0.0.3:8443/webhooks/t0ken",
        "https://[::ffff:169.254.169.254]/webhooks/t0ken",
        "http://localhost:8000/webhooks/t0ken",
        "http://shop.shops.svc.cluster.local/webhooks/t0ken",
    ],
)
def test_a_private_address_for_callbacks_is_refused_unless_it_is_allowed(
    with_callbacks: dict[str, str], url: str
) -> None:
    refusal = refusal_of({**with_callbacks, "callback_url": url})
    assert "callback_url: " in refusal
    assert "CASHIER_CALLBACK_PRIVATE_ADDRESSES=true" in refusal
    assert "t0ken" not in refusal
    allowed = {"callback_url": url, "callback_private_addresses": "true"}
    assert settings_of({**with_callbacks, **allowed}).callback_url == url


def test_a_shop_that_no_proxy_can_reach_is_refused(
    with_callbacks: dict[str, str],
) -> None:
    proxied = {**with_callbacks, "outgoing_proxy": "http://anna:s3cret@proxy.example"}
    assert settings_of(proxied).proxy == "http://anna:s3cret@proxy.example"
    refusal = refusal_of({**proxied, "callback_url": "https://shop/hooks"})
    assert "callback_url: shop is not a host of the Internet" in refusal
    assert "s3cret" not in refusal


def test_all_callback_secrets_are_read_again_for_each_call(
    with_callbacks: dict[str, str], tmp_path: Path
) -> None:
    settings, both = settings_of(with_callbacks), [new_callback_secret()] * 2
    (tmp_path / "callback-secrets").write_text("\n".join(both))
    assert settings.callback_secrets() == both


@pytest.mark.parametrize(
    ("content", "why"), [("whsec_c2hvcnQ=", "a line is not"), (" ", "is empty")]
)
def test_a_malformed_callback_secret_is_named_and_not_shown(
    with_callbacks: dict[str, str], tmp_path: Path, content: str, why: str
) -> None:
    (tmp_path / "callback-secrets").write_text(content)
    refusal = refusal_of(with_callbacks)
    assert "callback_secrets_file" in refusal
    assert why in refusal
    assert "c2hvcnQ" not in refusal


def test_an_operator_whose_name_no_history_takes_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match=r"operator\n.*at most 64 characters"):
        OperatorSettings(operator="a" * 65, clear_text=True)


def test_each_process_gets_only_the_secrets_it_needs() -> None:
    assert "private_key_file" not in ApiSettings.model_fields
    assert "api_keys_file" not in WorkerSettings.model_fields


def test_payloads_are_encrypted_unless_a_setting_forbids_it(
    sound: dict[str, str], tmp_path: Path
) -> None:
    del sound["clear_text"]
    refusal = refusal_of(sound)
    assert "payload_keys_dir: needed" in refusal
    assert "payload-keys new" in refusal
    assert "CASHIER_CLEAR_TEXT=true" in refusal
    key = make_key(tmp_path / "payloads", begins=datetime(2026, 1, 1, tzinfo=UTC))
    keyring = settings_of({**sound, "payload_keys_dir": str(key.parent)}).keyring
    assert keyring is not None
    assert keyring.newest()[0] == key.stem == "20260101T000000Z"


def test_clear_text_needs_no_keys_and_has_none(
    sound: dict[str, str], tmp_path: Path
) -> None:
    assert settings_of(sound).keyring is None
    both = {**sound, "payload_keys_dir": str(tmp_path)}
    assert "clear_text: must not be set with payload_keys_dir" in refusal_of(both)


def test_clear_text_is_refused_only_by_processes_with_keys(
    sound: dict[str, str], tmp_path: Path
) -> None:
    since = {"clear_text_refused_since": "2026-12-01T00:00:00Z"}
    assert "needs payload_keys_dir" in refusal_of({**sound, **since})
    del sound["clear_text"]
    key = make_key(tmp_path / "payloads", begins=datetime(2026, 1, 1, tzinfo=UTC))
    sound["payload_keys_dir"] = str(key.parent)
    read = settings_of({**sound, **since}).clear_text_refused_since
    assert read == datetime(2026, 12, 1, tzinfo=UTC)
    for unclear in ("2026-12-01", "2026-12-01T00:00:00", "1764547200", "soon"):
        refusal = refusal_of({**sound, "clear_text_refused_since": unclear})
        assert "clear_text_refused_since" in refusal
        assert "must be a time of UTC such as" in refusal


def test_a_bad_payload_key_is_named_and_not_shown(
    sound: dict[str, str], tmp_path: Path
) -> None:
    del sound["clear_text"]
    (tmp_path / "payloads").mkdir()
    (tmp_path / "payloads" / "20260101T000000Z.key").write_text(SECRET)
    refusal = refusal_of({**sound, "payload_keys_dir": str(tmp_path / "payloads")})
    assert "payload_keys_dir: the payload file" in refusal
    assert "20260101T000000Z.key" in refusal
    assert SECRET not in refusal


@pytest.mark.parametrize(
    "limits", ['{"php": 5}', '{"PHPP": 3}', '{"": 1}', '{"PHP": -1}']
)
def test_a_limit_that_could_never_hold_is_refused(
    sound: dict[str, str], monkeypatch: pytest.MonkeyPatch, limits: str
) -> None:
    monkeypatch.setenv("CASHIER_SECOND_PERSON_ABOVE", limits)
    with pytest.raises(ValidationError, match="second_person_above"):
        Settings(**sound)  # type: ignore[arg-type]


def test_limits_are_by_currency(
    sound: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASHIER_SECOND_PERSON_ABOVE", '{"PHP": 1000000, "*": 0}')
    settings = Settings(**sound)  # type: ignore[arg-type]
    assert settings.second_person_above == {"PHP": 1000000, "*": 0}
