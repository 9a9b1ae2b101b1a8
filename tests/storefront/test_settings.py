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
        ("refund_key_file", "/nowhere", "there is no file '/nowhere'"),
        ("staff_file", "/nowhere", "there is no file '/nowhere'"),
        ("staff_file", "", "staff_file: the back office needs it"),
        ("refund_key_file", "", "refund_key_file: the back office needs it"),
        ("expires_in_minutes", "0", "greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_named(
    sound: dict[str, str], name: str, value: str, complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        StorefrontSettings.model_validate({**sound, name: value})


def test_a_malformed_secret_is_named_and_not_shown(
    sound: dict[str, str], tmp_path: Path
) -> None:
    for wrong in ("whsec_!", f"{SECRETS[0][:-1]}*", SECRETS[0][6:], "whsec_YQ=="):
        (tmp_path / "secrets").write_text(f"{SECRETS[1]}\n{wrong}")
        with pytest.raises(ValidationError, match="each line must be") as error:
            StorefrontSettings.model_validate(sound)
        assert wrong not in str(error.value)


def test_staff_that_cannot_log_in_is_named_before_anything_starts(
    sound: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "staff").write_text("ana:a password in clear text")
    with pytest.raises(
        ValidationError, match=r"line 1 of .* is not name:hash"
    ) as error:
        StorefrontSettings.model_validate(sound)
    assert "clear text" not in str(error.value)


@pytest.mark.parametrize("name", ["api_key_file", "refund_key_file", "staff_file"])
def test_a_key_in_place_of_its_file_is_named_and_not_shown(
    sound: dict[str, str], name: str
) -> None:
    key = f"cashier_{'Zk3-' * 10}abc"
    with pytest.raises(ValidationError, match="looks like a key") as error:
        StorefrontSettings.model_validate({**sound, name: key})
    assert key not in str(error.value)


def test_a_refund_key_that_no_header_takes_is_named(
    sound: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "refund-key").write_text("two keys")
    with pytest.raises(ValidationError, match="refund_key_file: must hold one key"):
        StorefrontSettings.model_validate(sound)


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
