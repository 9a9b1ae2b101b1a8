"""The configuration of one simulator, constant while it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

# Injected everywhere, so that tests can move time; always aware, always UTC.
Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class SimulatorConfig:
    """The configuration of a simulator.

    Attributes:
        private_key: Alipay's key: signs answers and notifications.
        key_version: The version under which merchants hold its public half.
        merchant_name: The name that customers read on the wallet's page; Alipay has it
            from the merchant's contract, and no request names it.
        clients: The merchants' public keys by client id; their version is 1.
        base_url: Where the simulator is reached from a browser, for cashier URLs.
        clock_factor: Divides every duration (expiry, retry gaps); timestamps stay real.
        seed: Decides which payments of a fault mix get which fault.
        fault_rate: The share of payments that get faults of a mix from the start.
        notify_url: Receives notifications when `pay` names no `paymentNotifyUrl`.
        refund_notify_url: The dashboard's URL for notifications of refunds, used when
            `refund` names no `refundNotifyUrl`. A refund with neither is refused.
        timeout_seconds: How long a call that "times out" is held before it is cut, in
            seconds.
        slow_seconds: How long a slow answer takes, in seconds.
        state_file: Keeps payments and ledger across restarts; None: in memory only.
    """

    private_key: RSAPrivateKey = field(repr=False)
    clients: Mapping[str, RSAPublicKey]
    base_url: str
    merchant_name: str = "Durable Coffee"
    key_version: int = 1
    clock_factor: float = 1.0
    seed: int = 0
    fault_rate: float = 0.0
    notify_url: str | None = None
    refund_notify_url: str | None = None
    # Longer than the 15 s after which most SDKs give up (docs/protocol.md 1.8).
    timeout_seconds: float = 20.0
    # Noticeable, and shorter than the 10 s advised for `pay` (docs/protocol.md 4.2).
    slow_seconds: float = 3.0
    state_file: Path | None = None

    def __post_init__(self) -> None:
        """Reject values whose effect would only be seen much later."""
        if self.clock_factor < 1:
            raise ValueError("clock_factor must be 1 or more")
        if not 0 <= self.fault_rate < 1:
            raise ValueError("fault_rate must be at least 0 and less than 1")
        if not self.base_url.startswith(("http://", "https://")):
            raise ValueError("base_url must begin with http:// or https://")

    def shortened(self, duration: timedelta) -> timedelta:
        return duration / self.clock_factor
