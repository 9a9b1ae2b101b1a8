"""What the API is told: who may call, and how to tell Alipay from others."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from alipay.notifications import NotificationReader
from api.callers.keys import ApiKeysError, read_keys
from contracts import LateMoneyPolicy
from settings.forms import Address, TextFile, Url
from settings.shared import Settings

# An API process opens some 50 pages a second at its best (docs/benchmarks.md), and a
# shop looks at each once: twice that is more than one shop needs, and all that a shop
# gone wild may take from the others.
CALLS_PER_MINUTE = 6000
# A result page takes one; a shop of which more customers look at once has more than one
# process of ours.
STREAMS_PER_KEY = 1000


class ApiSettings(Settings):
    """Settings of the API."""

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
