"""Settings of all processes, from the environment or `.env`; secrets from files.

Read only at entry points (never at import), so that a wrong setting is named before
anything starts, and tests need no environment. Each process is told only what it needs:
the worker never sees who may call, and the API never sees the merchant's key.
"""

import base64
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.addresses import is_private_host
from alipay.client import AlipayClient
from alipay.errors import KeyFormatError
from alipay.keys import AlipayKeys, load_private_key, load_public_key
from alipay.notifications import NotificationReader
from api_keys import ApiKeysError, read_keys
from codec.keyring import Keyring, KeyringError
from contracts import LateMoneyPolicy

# An API process opens some 50 pages a second at its best (docs/benchmarks.md), and a
# shop looks at each once: twice that is more than one shop needs, and all that a shop
# gone wild may take from the others.
CALLS_PER_MINUTE = 6000
# A result page takes one; a shop of which more customers look at once has more than one
# process of ours.
STREAMS_PER_KEY = 1000


def _file_with_text(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}")
    if not path.read_text().strip():
        raise ValueError(f"the file {str(path)!r} is empty")
    return path


def _is_url(value: str) -> str:
    parts = urlsplit(value)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1", "simulator", "api")
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be a URL with a host and without query and fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("must begin with https:// (http:// only for local tests)")
    return value


def _is_address(value: str) -> str:
    host, _, port = value.rpartition(":")
    is_port = port.isdecimal() and 0 < int(port) < 65536
    if value and not (host and is_port):
        raise ValueError("must be host:port, e.g. 127.0.0.1:9464, or empty for off")
    return value


Url = Annotated[str, AfterValidator(_is_url)]
Address = Annotated[str, AfterValidator(_is_address)]
TextFile = Annotated[Path, AfterValidator(_file_with_text)]


class PayloadSettings(BaseSettings):
    """Who reads and writes what Temporal keeps is told with which keys."""

    model_config = SettingsConfigDict(
        env_prefix="CASHIER_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    payload_keys_dir: Path | None = Field(
        default=None,
        description="Keys of all that Temporal keeps, one file each: {key id}.key",
    )
    clear_text: bool = Field(
        default=False, description="Whether Temporal keeps everything readable"
    )

    # Whoever only reads may be given keys for what was written before.
    reads_both: ClassVar[bool] = False

    @model_validator(mode="after")
    def _keys_are_readable(self) -> Self:
        if self.clear_text and self.payload_keys_dir and not self.reads_both:
            raise ValueError("clear_text: must not be set with payload_keys_dir")
        try:
            _ = self.keyring
        except KeyringError as error:
            raise ValueError(f"payload_keys_dir: {error}") from None
        return self

    @cached_property
    def keyring(self) -> Keyring | None:
        """The keys of all payloads; None where none are given."""
        return Keyring.load(self.payload_keys_dir) if self.payload_keys_dir else None


class Settings(PayloadSettings):
    """What worker and API both need; Temporal's own settings are TEMPORAL_*."""

    client_id: str = Field(
        min_length=1, description="Alipay's client id of the merchant"
    )
    alipay_keys_dir: Path = Field(
        description="Alipay's public keys, one file each, named {keyVersion}.pem"
    )
    notify_url: Url = Field(
        description="The URL at which Alipay reaches POST /alipay/notifications/payment"
    )

    callback_url: Url | None = Field(
        default=None, description="Where the shop is told how a payment ended"
    )

    @model_validator(mode="after")
    def _is_encrypted_or_told_not_to(self) -> Self:
        if not (self.clear_text or self.payload_keys_dir):
            raise ValueError(
                "payload_keys_dir: needed, so that Temporal keeps nothing readable; "
                "`cashier payload-keys new FOLDER` makes a key; only "
                "CASHIER_CLEAR_TEXT=true does without"
            )
        return self

    @model_validator(mode="after")
    def _alipay_keys_are_readable(self) -> Self:
        _check_keys("alipay_keys_dir", lambda: self.alipay_keys)
        return self

    @cached_property
    def alipay_keys(self) -> AlipayKeys:
        """Alipay's public keys, by the key version in their file's name."""
        files = sorted(self.alipay_keys_dir.glob("*.pem"))
        return AlipayKeys(
            {file.stem: load_public_key(file.read_text()) for file in files}
        )


class WorkerSettings(Settings):
    """What the worker is told: how to call Alipay as the merchant."""

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
        _check_keys("private_key_file", lambda: self.private_key)
        return self

    @cached_property
    def private_key(self) -> RSAPrivateKey:
        return load_private_key(self.private_key_file.read_text())

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


class ApiSettings(Settings):
    """What the API is told: who may call, and how to tell Alipay from others."""

    api_keys_file: TextFile = Field(
        description="Who may call: `cashier api-keys` writes it, it holds no key"
    )
    api_calls_per_minute: int = Field(
        default=CALLS_PER_MINUTE,
        ge=1,
        description="How many calls a minute where the key says nothing else",
    )
    api_streams_per_key: int = Field(
        default=STREAMS_PER_KEY,
        ge=1,
        description="How many streams of events one key's holder may have open",
    )
    settlement_currency: str | None = Field(
        default=None, description="Currency of settlement where the shop names none"
    )
    late_money: LateMoneyPolicy = Field(
        default=LateMoneyPolicy.REFUND,
        description="What to do with money that comes after the end: REFUND or HONOUR",
    )
    second_person_above: dict[str, int] = Field(
        default={},
        description="By currency, in minor units: the most that one person may resolve",
    )

    @field_validator("second_person_above")
    @classmethod
    def _limits_can_hold(cls, limits: dict[str, int]) -> dict[str, int]:
        for currency, most in limits.items():
            if currency != "*" and not re.fullmatch("[A-Z]{3}", currency):
                raise ValueError("each name must be an ISO 4217 code such as PHP, or *")
            if most < 0:
                raise ValueError("each amount must be 0 or more, in minor units")
        return limits

    runbook_url: Url | None = Field(
        default=None, description="Where operators find the runbook; linked in the UI"
    )
    api_metrics_address: Address = Field(
        default="", description="Where Prometheus finds the API's metrics, host:port"
    )
    api_host: str = Field(default="127.0.0.1", description="Address the API listens on")
    api_port: int = Field(default=8080, description="Port the API listens on")

    @field_validator("api_keys_file")
    @classmethod
    def _keys_can_be_read(cls, path: Path) -> Path:
        try:
            read_keys(path)
        except ApiKeysError as error:
            raise ValueError(str(error)) from None
        return path

    def notification_reader(self) -> NotificationReader:
        """Return the reader of what Alipay sends to the notification URL."""
        return NotificationReader(
            path=urlsplit(self.notify_url).path,
            client_id=self.client_id,
            alipay_keys=self.alipay_keys,
        )


class OperatorSettings(PayloadSettings):
    """What the commands of operators are told; without keys they see only the list."""

    reads_both = True

    ui_url: Url = Field(
        default="http://127.0.0.1:8233", description="Where the Temporal UI is"
    )
    operator: str = Field(default="", description="Who acts, as histories keep it")

    @property
    def may_write(self) -> bool:
        """Whether what we write is as readable as all else, and no more."""
        return self.keyring is not None or self.clear_text


def is_callback_secret(secret: str) -> bool:
    """Whether it is a secret as the Standard Webhooks specification wants it."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64


def _check_keys(name: str, read: Callable[[], object]) -> None:
    try:
        read()
    except KeyFormatError as error:
        raise ValueError(f"{name}: {error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{name}: a key file is not text") from None
