"""Settings of the API: its callers, Alipay's keys, and the merchant's rules."""

import json
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from alipay.notifications import NotificationReader
from api.callers.keys import MOST_PER_MINUTE, ApiKeysError, read_keys
from contracts import LateMoneyPolicy
from settings.forms import (
    Address,
    Currency,
    ListeningHost,
    Port,
    TextFile,
    Whole,
    form,
)
from settings.shared import Settings
from settings.urls import LinkUrl

# An API process opens at most some 50 pages a second (docs/benchmarks.md), and a shop
# reads each once: twice that is more than one shop needs, and limits a faulty shop.
CALLS_PER_MINUTE = 6000
# A result page needs one; a shop with more customers at once needs more API processes.
STREAMS_PER_KEY = 1000
# More than the file descriptors of a process.
MOST_STREAMS = 1_000_000


def _limits_from_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        limits = json.loads(value)
    except ValueError:
        limits = None
    if not isinstance(limits, dict) or not all(
        type(most) is int for most in limits.values()
    ):
        raise ValueError(
            f"has {len(value)} characters; must be a JSON object with whole numbers, "
            'such as {"PHP": 5000000}'
        )
    return limits


class ApiSettings(Settings):
    """Settings of the API."""

    api_keys_file: TextFile = Field(
        description="Who may call: names, scopes, limits and hashes of keys, written "
        "by `cashier api-keys`; a change counts without a restart",
        examples=["secrets/api-keys"],
        json_schema_extra={"secret": "hashes only"},
    )
    api_calls_per_minute: Whole = Field(
        default=CALLS_PER_MINUTE,
        ge=1,
        le=MOST_PER_MINUTE,
        description="How many calls a minute each key may make to one API process, "
        "where the key has no limit of its own",
    )
    api_streams_per_key: Whole = Field(
        default=STREAMS_PER_KEY,
        ge=1,
        le=MOST_STREAMS,
        description="How many streams of events each key may have open at one API "
        "process",
    )
    settlement_currency: Currency | None = Field(
        default=None,
        description="The currency in which Alipay settles, where the shop's call does "
        "not name one. Not set: calls to Alipay do not name one",
    )
    late_money: LateMoneyPolicy = Field(
        default=LateMoneyPolicy.REFUND,
        description="What is done with money that arrives after its payment has ended: "
        "give it back, or keep it, and the shop delivers late",
    )
    # Parsed here, because pydantic's own JSON parsing ends in a traceback.
    second_person_above: Annotated[
        dict[str, int],
        NoDecode,
        BeforeValidator(_limits_from_json),
        form('JSON object of minor units by currency: `{"PHP": 1000000, "*": 0}`'),
    ] = Field(
        default={},
        description="The most that one person may resolve or refund, by currency, in "
        "minor units; `*` is for all others. Above it a second person must confirm. A "
        "currency that is not listed has no limit",
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

    runbook_url: LinkUrl | None = Field(
        default=None,
        description="Where operators find the runbook; the Temporal UI links to it. "
        "Not set: no link",
    )
    api_metrics_address: Address = Field(
        default="",
        description="Where Prometheus reads the API's metrics; never a public address. "
        "Not set: metrics are off",
    )
    api_host: ListeningHost = Field(
        default="127.0.0.1", description="The address at which the API listens"
    )
    api_port: Port = Field(
        default=8080, description="The port at which the API listens"
    )

    @field_validator("api_keys_file")
    @classmethod
    def _keys_can_be_read(cls, path: Path) -> Path:
        try:
            read_keys(path)
        except ApiKeysError as error:
            raise ValueError(str(error)) from None
        return path

    def notification_reader(self) -> NotificationReader:
        """Return the reader of notifications sent to the notify URL."""
        return NotificationReader(
            path=urlsplit(self.notify_url).path,
            client_id=self.client_id,
            alipay_keys=self.alipay_keys,
        )
