"""Settings of the codec server: what is wrong is named before it starts."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from codec.server.settings import CodecSettings
from tests.codec.serving import UI, settings_in


def refusal_of(folder: Path, **changes: object) -> str:
    with pytest.raises(ValidationError) as refusal:
        settings_in(folder, **changes)
    return str(refusal.value)


def test_settings_come_from_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CASHIER_PAYLOAD_KEYS_DIR", str(folder / "payloads"))
    monkeypatch.setenv("CASHIER_CODEC_OPERATORS_FILE", str(folder / "operators"))
    monkeypatch.setenv("CASHIER_CODEC_URL", "https://Codec.example/")
    monkeypatch.setenv("CASHIER_CODEC_UI_ORIGINS", f"https://UI.example/ns, {UI}")
    settings = CodecSettings()
    assert settings.ui_origins == ("https://ui.example", UI)
    assert settings.own_origins == ("https://codec.example",)
    assert settings.url == "https://Codec.example"


@pytest.mark.parametrize(
    ("changes", "name", "why"),
    [
        ({"CASHIER_PAYLOAD_KEYS_DIR": "/nowhere"}, "PAYLOAD_KEYS_DIR", "no folder"),
        ({"operators_file": "/nowhere"}, "operators_file", "there is no file"),
        ({"operators_file": None}, "operators_file", "nobody could read"),
        ({"url": "http://codec.example"}, "url", "https://"),
        ({"url": "/login"}, "url", "host"),
        ({"ui_origins": ","}, "ui_origins", "at least 1"),
        ({"ui_origins": "*"}, "ui_origins", "host"),
        ({"ui_origins": f"{UI},http://ui.example"}, "ui_origins", "https://"),
        ({"token_claim": "role"}, "token_claim", "name=value"),
        ({"token_keys_url": "https://login.example"}, "token_issuer", "needed"),
        ({"port": "http"}, "port", "integer"),
    ],
)
def test_a_wrong_setting_is_named_with_the_reason(
    folder: Path, changes: dict[str, object], name: str, why: str
) -> None:
    text = refusal_of(folder, **changes)
    assert name in text
    assert why in text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        ("x", "is not a JWKS"),
        ("[]", "is not a JWKS"),
        ('{"keys": 5}', "is not a JWKS"),
        ('{"keys": []}', "no key for RS256 or ES256"),
        ('{"keys": [{"kty": "oct", "kid": "1", "k": "c2VjcmV0"}]}', "no key for"),
        ('{"keys": [{"kty": "RSA", "kid": "1", "n": "x"}]}', "is not a JWKS"),
    ],
)
def test_a_bad_file_of_token_keys_is_named(
    folder: Path, token_settings: dict[str, str], content: str, why: str
) -> None:
    Path(token_settings["token_keys_file"]).write_text(content)
    text = refusal_of(folder, **token_settings)
    assert "token_keys_file" in text
    assert why in text


def test_a_url_and_a_file_of_token_keys_are_too_much(
    folder: Path, token_settings: dict[str, str]
) -> None:
    both = {**token_settings, "token_keys_url": "https://login.example/keys"}
    assert "token_keys_file: not together" in refusal_of(folder, **both)
