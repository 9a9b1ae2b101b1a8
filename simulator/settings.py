"""Settings of the simulator as a process, from the environment."""

from functools import cached_property
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from alipay.errors import KeyFormatError
from alipay.keys.files import read_private_key, read_public_keys
from settings.forms import (
    Decimal,
    Folder,
    ListeningHost,
    OwnFile,
    Port,
    ReadableFile,
    Whole,
)
from settings.process import ProcessSettings
from settings.urls import SimulatedUrl
from simulator.config import SimulatorConfig

# With a larger factor a payment would expire before its page is shown.
FASTEST_CLOCK = 100_000


class SimulatorSettings(ProcessSettings):
    """Settings of `cashier simulator`."""

    model_config = SettingsConfigDict(env_prefix="SIMULATOR_")

    private_key_file: ReadableFile = Field(
        description="The simulated Alipay's private key, which signs its answers and "
        "notifications",
        examples=["secrets/simulator.pem"],
        json_schema_extra={"secret": "the file"},
    )
    merchants_dir: Folder = Field(
        description="The merchants' public keys, one file each, `{clientId}.pem`",
        examples=["secrets/merchants"],
    )
    host: ListeningHost = Field(
        default="127.0.0.1", description="The address at which the simulator listens"
    )
    port: Port = Field(
        default=8081, description="The port at which the simulator listens"
    )
    base_url: SimulatedUrl = Field(
        default="http://127.0.0.1:8081",
        description="The URL at which browsers reach the simulator's pages",
    )
    state_file: OwnFile | None = Field(
        default=None,
        description="Where payments are kept for the next start. Not set: in memory",
    )
    refund_notify_url: SimulatedUrl | None = Field(
        default=None,
        description="Receives notifications of refunds whose call does not name a URL. "
        "Not set: such calls are refused",
    )
    merchant_name: str = Field(
        default="Durable Coffee",
        min_length=1,
        max_length=60,
        description="The shop's name, which customers read on the wallet's page",
    )
    clock_factor: Decimal = Field(
        default=1,
        ge=1,
        le=FASTEST_CLOCK,
        description="By how much expiries and pauses between repeats are divided; "
        "times that are shown stay real",
    )
    timeout_seconds: Decimal = Field(
        default=20,
        gt=0,
        le=3600,
        description="How long a call that is to time out is held, in seconds",
    )
    seed: Whole = Field(
        default=0, description="The seed that decides the faults of a random mix"
    )

    @model_validator(mode="after")
    def _keys_are_readable(self) -> Self:
        for name, read in (
            ("private_key_file", lambda: self.private_key),
            ("merchants_dir", lambda: self.merchants),
        ):
            try:
                read()
            except KeyFormatError as error:
                raise ValueError(f"{name}: {error}") from None
        return self

    @cached_property
    def private_key(self) -> RSAPrivateKey:
        return read_private_key(self.private_key_file)

    @cached_property
    def merchants(self) -> dict[str, RSAPublicKey]:
        """The merchants' public keys by their client ids."""
        return read_public_keys(self.merchants_dir)

    def to_config(self) -> SimulatorConfig:
        """Return the simulator's configuration."""
        return SimulatorConfig(
            private_key=self.private_key,
            clients=self.merchants,
            base_url=self.base_url,
            refund_notify_url=self.refund_notify_url,
            merchant_name=self.merchant_name,
            clock_factor=self.clock_factor,
            timeout_seconds=self.timeout_seconds,
            seed=self.seed,
            state_file=self.state_file,
        )
