"""Settings of the demo shop, from the environment or `.env`; secrets from files."""

import base64
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from standardwebhooks.webhooks import Webhook


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must end after host and port: the shop's paths are its own")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _file_with_text(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}")
    if not path.read_text().strip():
        raise ValueError(f"the file {str(path)!r} is empty")
    return path


def _is_secret(line: str) -> bool:
    """Whether it is one: the library takes whatever is left of a mistyped one."""
    try:
        key = base64.b64decode(line.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return line.startswith("whsec_") and 24 <= len(key) <= 64


Origin = Annotated[str, AfterValidator(_origin)]
TextFile = Annotated[Path, AfterValidator(_file_with_text)]


class StorefrontSettings(BaseSettings):
    """What the shop is told: the API, what verifies callbacks, and where it stands."""

    model_config = SettingsConfigDict(
        env_prefix="STOREFRONT_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    api_url: Origin = Field(
        default="http://127.0.0.1:8080", description="Where the payment API is"
    )
    api_key_file: TextFile = Field(description="The key of the shop's calls")
    callback_secrets_file: TextFile = Field(
        description="What verifies callbacks, a line each; any of them will do"
    )
    database: Path = Field(
        default=Path("storefront.sqlite"), description="Where carts and orders are kept"
    )
    host: str = Field(default="127.0.0.1", description="Address it listens on")
    port: int = Field(default=8000, description="Port it listens on")
    base_url: Origin = Field(
        default="http://127.0.0.1:8000", description="How customers' browsers reach it"
    )
    expires_in_minutes: int | None = Field(
        default=None, ge=1, description="How long customers may take to pay"
    )

    @model_validator(mode="after")
    def _secrets_are_usable(self) -> Self:
        if not all(_is_secret(line) for line in self._secrets):
            raise ValueError(
                "callback_secrets_file: each line must be `whsec_` and 24 to 64 bytes "
                "as Base64, as the Standard Webhooks want it"
            )
        return self

    @property
    def api_key(self) -> str:
        return self.api_key_file.read_text().strip()

    @cached_property
    def webhooks(self) -> tuple[Webhook, ...]:
        """One verifier for each secret, so that secrets can be renewed."""
        return tuple(Webhook(line) for line in self._secrets)

    @property
    def _secrets(self) -> list[str]:
        return self.callback_secrets_file.read_text().split()

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the shop by https."""
        return self.base_url.startswith("https:")
