"""Settings of the demo shop, from the environment or `.env`; secrets from files."""

import base64
import re
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict
from standardwebhooks.webhooks import Webhook

from storefront.setting_forms import (
    Database,
    Host,
    Origin,
    Port,
    ShopSettingTexts,
    TextFile,
    Whole,
    as_meant,
    text_of,
)
from storefront.staff import read_staff

# No wallet allows more than a day; the API applies the wallet's own limit.
LONGEST_MINUTES = 24 * 60


def _is_secret(line: str) -> bool:
    """Whether it is a secret: the library accepts also a part of a mistyped one."""
    try:
        key = base64.b64decode(line.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return line.startswith("whsec_") and 24 <= len(key) <= 64


class StorefrontSettings(ShopSettingTexts):
    """Settings of the shop: the API, the callbacks' secrets, and its own URL."""

    model_config = SettingsConfigDict(env_prefix="STOREFRONT_")

    api_url: Origin = Field(
        default="http://127.0.0.1:8080", description="Where the shop calls the API"
    )
    api_key_file: TextFile = Field(
        description="The API key of the shop's calls, with the scopes `start`, `read` "
        "and `cancel`",
        examples=["secrets/api-key"],
        json_schema_extra={"secret": "the file"},
    )
    callback_secrets_file: TextFile = Field(
        description="The secrets that verify callbacks, one on each line: `whsec_` "
        "and 24 to 64 bytes as Base64; a callback must be signed with one of them",
        examples=["secrets/callback-secrets"],
        json_schema_extra={"secret": "the file"},
    )
    refund_key_file: TextFile | None = Field(
        default=None,
        description="The API key of the back office, with the scopes `read` and "
        "`refund`. Not set: there is no back office",
        json_schema_extra={
            "secret": "the file",
            "needed": "with `STOREFRONT_STAFF_FILE`",
        },
    )
    staff_file: TextFile | None = Field(
        default=None,
        description="Who may log in to the back office, one on each line, `name:hash`; "
        "`cashier operators add` writes it. Not set: there is no back office",
        json_schema_extra={
            "secret": "hashes only",
            "needed": "with `STOREFRONT_REFUND_KEY_FILE`",
        },
    )
    database: Database = Field(
        default=Path("storefront.sqlite"),
        description="Where carts and orders are kept, in SQLite",
    )
    host: Host = Field(
        default="127.0.0.1", description="The address at which the shop listens"
    )
    port: Port = Field(default=8000, description="The port at which the shop listens")
    base_url: Origin = Field(
        default="http://127.0.0.1:8000",
        description="The URL at which customers' browsers reach the shop",
    )
    expires_in_minutes: Whole | None = Field(
        default=None,
        ge=1,
        le=LONGEST_MINUTES,
        description="How many minutes customers have to pay, at most the wallet's "
        "`longest_expiry_minutes` (`GET /wallets`). Not set: the wallet's "
        "`default_expiry_minutes`",
    )

    @field_validator("staff_file")
    @classmethod
    def _staff_can_log_in(cls, file: Path | None) -> Path | None:
        if file:
            read_staff(file)
        return file

    @model_validator(mode="after")
    def _keys_are_usable(self) -> Self:
        # They are sent in a header, which allows only visible ASCII.
        for name, key in (
            ("api_key_file", self.api_key),
            ("refund_key_file", self.refund_key),
        ):
            if key is not None and not re.fullmatch(r"[!-~]+", key):
                raise ValueError(f"{name}: must hold one key, in visible ASCII")
        return self

    @model_validator(mode="after")
    def _back_office_is_whole(self) -> Self:
        for name, other in (
            ("staff_file", "refund_key_file"),
            ("refund_key_file", "staff_file"),
        ):
            if getattr(self, name) is None and getattr(self, other) is not None:
                raise ValueError(f"{name}: the back office needs it beside {other}")
        return self

    @model_validator(mode="after")
    def _secrets_are_usable(self) -> Self:
        if not all(_is_secret(line) for line in self._secrets):
            raise ValueError(
                "callback_secrets_file: each line must be `whsec_` and 24 to 64 bytes "
                "as Base64, as in the Standard Webhooks"
            )
        return self

    @property
    def api_key(self) -> str:
        return as_meant(text_of(self.api_key_file))

    @property
    def refund_key(self) -> str | None:
        return as_meant(text_of(self.refund_key_file)) if self.refund_key_file else None

    @cached_property
    def webhooks(self) -> tuple[Webhook, ...]:
        """One verifier for each secret, so that secrets can be renewed."""
        return tuple(Webhook(line) for line in self._secrets)

    @property
    def _secrets(self) -> list[str]:
        lines = text_of(self.callback_secrets_file).splitlines()
        return [meant for line in lines if (meant := as_meant(line))]

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the shop by https."""
        return self.base_url.startswith("https:")
