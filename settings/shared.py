"""Settings of several processes: the payload keys, the merchant's identity."""

from collections.abc import Callable
from functools import cached_property
from typing import ClassVar, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from alipay.errors import KeyFormatError
from alipay.keys.rsa import AlipayKeys
from alipay.keys.versions import read_key_versions
from codec.keyring import Keyring, KeyringError
from settings.forms import Address, ClientId, Folder
from settings.process import ProcessSettings
from settings.urls import CallbackUrl, NotifyUrl


class PayloadSettings(ProcessSettings):
    """The keys for all processes that read or write payloads in Temporal."""

    model_config = SettingsConfigDict(env_prefix="CASHIER_")

    payload_keys_dir: Folder | None = Field(
        default=None,
        description="The keys that encrypt and decrypt all payloads that Temporal "
        "keeps, one file each, `{key id}.key`; `cashier payload-keys new` makes one. "
        "All processes have the same, and read a new one without a restart",
        examples=["secrets/payloads"],
        json_schema_extra={
            "secret": "the folder",
            "needed": "for worker and API, unless `CASHIER_CLEAR_TEXT=true`; for "
            "archiver and operators to read what is encrypted",
        },
    )
    clear_text: bool = Field(
        default=False,
        description="`true`: worker and API have no keys, and all payloads in Temporal "
        "are readable. Operators may set it and still have keys for older payloads",
    )

    uses_temporal = True
    # A process that only reads may have keys for older, encrypted payloads.
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


class ProbedSettings(ProcessSettings):
    """Where a process without HTTP answers an orchestrator's probes."""

    model_config = SettingsConfigDict(env_prefix="CASHIER_")

    health_address: Address = Field(
        default="",
        description="Where the process answers an orchestrator's probes "
        "`/health/live` and `/health/ready`. Not set: no probes",
    )


class Settings(PayloadSettings):
    """Settings of both worker and API; Temporal's own settings are TEMPORAL_*."""

    client_id: ClientId = Field(
        description="The merchant's client id, as Alipay's dashboard shows it; one "
        "that begins with `SANDBOX_` chooses Alipay's sandbox",
        examples=["SANDBOX_5Y0000000000000000"],
    )
    alipay_keys_dir: Folder = Field(
        description="Alipay's public keys, one file each, `{keyVersion}.pem`, such as "
        "`1.pem`; a file with another name is refused",
        examples=["secrets/alipay"],
    )
    notify_url: NotifyUrl = Field(
        description="The public URL at which Alipay reaches the API's "
        "`POST /alipay/notifications/payment`; notifications of refunds come to "
        "`.../refund/{order_id}` beside it",
        examples=["https://pay.shop.example/alipay/notifications/payment"],
    )

    callback_url: CallbackUrl | None = Field(
        default=None,
        description="Where the shop receives callbacks, the signed messages on its "
        "payments and refunds; worker and API need the same value. Not set: no "
        "callbacks are sent",
    )

    @model_validator(mode="after")
    def _is_encrypted_or_may_be_clear_text(self) -> Self:
        if not (self.clear_text or self.payload_keys_dir):
            raise ValueError(
                "payload_keys_dir: needed, so that Temporal keeps nothing readable; "
                "`cashier payload-keys new FOLDER` makes a key; only "
                "CASHIER_CLEAR_TEXT=true does without"
            )
        return self

    @model_validator(mode="after")
    def _alipay_keys_are_readable(self) -> Self:
        check_keys("alipay_keys_dir", lambda: self.alipay_keys)
        return self

    @cached_property
    def alipay_keys(self) -> AlipayKeys:
        """Alipay's public keys, by the key version in their file's name."""
        return read_key_versions(self.alipay_keys_dir)


def check_keys(name: str, read: Callable[[], object]) -> None:
    """Read keys, and name their setting if they cannot be read.

    Raises:
        ValueError: Names the setting, the file and the problem.
    """
    try:
        read()
    except KeyFormatError as error:
        raise ValueError(f"{name}: {error}") from None
