"""Settings of the shop: whatever is wrong is named before anything starts."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from cashier.commands import app
from storefront.catalog import read_catalog
from storefront.settings import StorefrontSettings
from tests.storefront.conftest import SECRETS


@pytest.fixture
def sound(shop_settings: StorefrontSettings) -> dict[str, str]:
    return {name: str(value) for name, value in shop_settings if value is not None}


def test_sound_settings_are_accepted(sound: dict[str, str]) -> None:
    settings = StorefrontSettings.model_validate(sound)
    assert len(settings.webhooks) == 2
    assert not settings.is_secure


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("api_url", "api.example", "must begin with http:// or https://"),
        ("base_url", "https://shop.example/coffee", "must end after host and port"),
        ("api_key_file", "/nowhere", "there is no file '/nowhere'"),
        ("callback_secrets_file", "/nowhere", "there is no file '/nowhere'"),
        ("expires_in_minutes", "0", "greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_named(
    sound: dict[str, str], name: str, value: str, complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        StorefrontSettings.model_validate({**sound, name: value})


def test_a_secret_that_is_none_is_named_and_not_told(
    sound: dict[str, str], tmp_path: Path
) -> None:
    for wrong in ("whsec_!", f"{SECRETS[0][:-1]}*", SECRETS[0][6:], "whsec_YQ=="):
        (tmp_path / "secrets").write_text(f"{SECRETS[1]}\n{wrong}")
        with pytest.raises(ValidationError, match="each line must be") as error:
            StorefrontSettings.model_validate(sound)
        assert wrong not in str(error.value)


def test_the_command_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        app, ["storefront"], env={"STOREFRONT_API_KEY_FILE": None}
    )
    assert result.exit_code == 2
    assert "STOREFRONT_API_KEY_FILE: Field required" in result.stderr


def test_a_product_without_a_price_in_some_market_is_named() -> None:
    text = """
        [[markets]]
        code = "PH"
        currency = "PHP"
        digits = 2
        time_zone = "Asia/Manila"
        [[products]]
        id = "tea"
        prices = { IDR = 100 }
    """
    with pytest.raises(ValueError, match="tea has no price in PHP"):
        read_catalog(text)
