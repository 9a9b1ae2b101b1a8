"""What the worker is told: how to call Alipay and the shop as the merchant."""

import base64
from functools import cached_property
from typing import Self
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import Field, model_validator

from activities.addresses import is_private_host
from alipay.client import AlipayClient
from alipay.key_files import read_private_key
from settings.forms import Address, TextFile, Url
from settings.shared import Settings, check_keys


class WorkerSettings(Settings):
    """Settings of the worker."""

    private_key_file: TextFile = Field(description="The merchant's private key")
    alipay_host: Url = Field(
        default="https://open-sea-global.alipay.com",
        description="Alipay's host of your region",
    )
    key_version: int = Field(
        default=1, ge=0, description="Version of the merchant's key at Alipay"
    )
    callback_secrets_file: TextFile | None = Field(
        default=None,
        description="Secrets that sign callbacks, a line each: the newest, the old one",
    )

    callback_private_addresses: bool = Field(
        default=False, description="Whether callbacks may go to private addresses"
    )
    callback_redirects: bool = Field(
        default=False, description="Whether callbacks follow the shop's redirects"
    )

    metrics_address: Address = Field(
        default="", description="Where Prometheus finds the worker's metrics, host:port"
    )

    @model_validator(mode="after")
    def _callbacks_can_be_signed(self) -> Self:
        if self.callback_url and not self.callback_secrets_file:
            raise ValueError("callback_secrets_file: needed where callback_url is set")
        try:
            self.callback_secrets()
        except ValueError as error:
            raise ValueError(f"callback_secrets_file: {error}") from None
        return self

    @model_validator(mode="after")
    def _callbacks_go_where_they_may(self) -> Self:
        host = urlsplit(self.callback_url or "").hostname
        if host and is_private_host(host) and not self.callback_private_addresses:
            raise ValueError(
                f"callback_url: {host} is no public address; only "
                "CASHIER_CALLBACK_PRIVATE_ADDRESSES=true allows it"
            )
        return self

    def callback_secrets(self) -> list[str]:
        """Read the secrets of the callbacks, the newest first; each signs.

        Raises:
            ValueError: The file holds something else; says no more than that.
            OSError: It cannot be read.
        """
        if self.callback_secrets_file is None:
            return []
        try:
            text = self.callback_secrets_file.read_text()
        except UnicodeDecodeError:
            raise ValueError("the file is not text") from None
        secrets = [line.strip() for line in text.splitlines() if line.strip()]
        if not secrets:
            raise ValueError("the file holds no secret")
        if not all(map(is_callback_secret, secrets)):
            raise ValueError("a line is not `whsec_` and 24 to 64 bytes as Base64")
        return secrets

    @model_validator(mode="after")
    def _private_key_is_readable(self) -> Self:
        check_keys("private_key_file", lambda: self.private_key)
        return self

    @cached_property
    def private_key(self) -> RSAPrivateKey:
        return read_private_key(self.private_key_file)

    def alipay_client(self, http: httpx.AsyncClient) -> AlipayClient:
        """Return the client that calls Alipay as this merchant."""
        return AlipayClient(
            http,
            host=self.alipay_host,
            client_id=self.client_id,
            private_key=self.private_key,
            alipay_keys=self.alipay_keys,
            key_version=self.key_version,
        )


def is_callback_secret(secret: str) -> bool:
    """Whether it is a secret as the Standard Webhooks specification wants it."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64
