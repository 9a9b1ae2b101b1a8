"""Settings of the simulator as a process, from the environment."""

from pathlib import Path

from pydantic import Field, FilePath
from pydantic_settings import BaseSettings, SettingsConfigDict

from alipay.keys import load_private_key, load_public_key
from simulator.config import SimulatorConfig


class SimulatorSettings(BaseSettings):
    """What `cashier simulator` is told."""

    model_config = SettingsConfigDict(
        env_prefix="SIMULATOR_", env_file=".env", extra="ignore", frozen=True
    )

    private_key_file: FilePath = Field(description="The simulated Alipay's private key")
    merchants_dir: Path = Field(
        description="The merchants' public keys, one file each, named {clientId}.pem"
    )
    host: str = Field(default="127.0.0.1", description="Address it listens on")
    port: int = Field(default=8081, description="Port it listens on")
    base_url: str = Field(
        default="http://127.0.0.1:8081", description="How a browser reaches it"
    )
    state_file: Path | None = Field(
        default=None, description="Where payments survive a restart; none: memory"
    )
    clock_factor: float = Field(
        default=1, ge=1, description="How many times faster its time-outs run"
    )
    timeout_seconds: float = Field(
        default=20, gt=0, description="How long a call that times out is held"
    )
    seed: int = Field(default=0, description="Decides the faults of a random mix")

    def to_config(self) -> SimulatorConfig:
        """Read the keys and return the simulator's configuration."""
        return SimulatorConfig(
            private_key=load_private_key(self.private_key_file.read_text()),
            clients={
                file.stem: load_public_key(file.read_text())
                for file in sorted(self.merchants_dir.glob("*.pem"))
            },
            base_url=self.base_url,
            clock_factor=self.clock_factor,
            timeout_seconds=self.timeout_seconds,
            seed=self.seed,
            state_file=self.state_file,
        )
