"""Settings of the worker: how to call Alipay and the shop as the merchant."""

import base64
from functools import cached_property
from typing import Self
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import Field, model_validator

from activities.shop.addresses import is_private_host, is_unqualified
from alipay.client import AlipayClient
from alipay.keys.files import read_private_key
from settings.forms import (
    Address,
    Decimal,
    ReadableFile,
    TextFile,
    UtcTime,
    Whole,
    text_of,
)
from settings.given_text import as_meant
from settings.shared import ProbedSettings, Settings, check_keys
from settings.urls import HostUrl, ProxyUrl
from settings.worker_version import WorkerVersionSettings

# The longest key version that we accept from Alipay (`AlipayKeys.of_version`).
MOST_KEY_VERSION = 999_999_999
# Some 50 GB of memory; a larger number is a typing error.
MOST_CACHED_WORKFLOWS = 1_000_000
# More than any task queue dispatches: a higher limit would have no effect.
MOST_ACTIVITIES_PER_SECOND = 100_000


class WorkerSettings(Settings, ProbedSettings, WorkerVersionSettings):
    """Settings of the worker."""

    private_key_file: ReadableFile = Field(
        description="The merchant's private key, which signs calls to Alipay: PEM or "
        "Base64 of PKCS#8 or PKCS#1, also with what tools write around it, not "
        "encrypted; `cashier keys` makes one",
        examples=["secrets/merchant.pem"],
        json_schema_extra={"secret": "the file"},
    )
    alipay_host: HostUrl = Field(
        default="https://open-sea-global.alipay.com",
        description="Alipay's host of the merchant's region",
    )
    key_version: Whole = Field(
        default=1,
        ge=0,
        le=MOST_KEY_VERSION,
        description="The version that Alipay's dashboard shows of the merchant's key",
    )
    callback_secrets_file: TextFile | None = Field(
        default=None,
        description="The secrets that sign callbacks, one on each line, the newest "
        "first: `whsec_` and 24 to 64 bytes as Base64. Read again for each callback; "
        "all of them sign, so that a secret can be renewed",
        json_schema_extra={
            "secret": "the file",
            "needed": "with `CASHIER_CALLBACK_URL`",
        },
    )

    callback_private_addresses: bool = Field(
        default=False,
        description="`true`: callbacks may go to private addresses, there by `http://` "
        "too",
    )
    callback_redirects: bool = Field(
        default=False, description="`true`: callbacks follow the shop's redirects"
    )

    outgoing_proxy: ProxyUrl | None = Field(
        default=None,
        description="The proxy for calls to Alipay and to a shop with a public "
        "address; variables such as `HTTPS_PROXY` are not read. Not set: calls go "
        "directly",
        json_schema_extra={"secret": "the value"},
    )

    workflow_sandbox: bool = Field(
        default=False,
        description="`true`: workflows run in the SDK's sandbox, which takes about "
        "twice the processor time and more memory",
    )
    cached_workflows: Whole = Field(
        default=1000,
        ge=1,
        le=MOST_CACHED_WORKFLOWS,
        description="How many open workflows one worker keeps in memory; others are "
        "replayed at their next workflow task",
    )

    activities_per_second: Decimal | None = Field(
        default=None,
        gt=0,
        le=MOST_ACTIVITIES_PER_SECOND,
        description="The most activities (calls to Alipay and to the shop, look-ups of "
        "other workflows) that begin in a second, in all workers together; all workers "
        "need the same value. Not set: no limit",
    )

    metrics_address: Address = Field(
        default="",
        description="Where Prometheus reads the worker's metrics; each worker of a "
        "machine needs its own. Not set: metrics are off",
    )

    clear_text_refused_since: UtcTime | None = Field(
        default=None,
        description="Workflows that start from this time on accept encrypted payloads "
        "only, from any sender. All workers need the same value, and it is never "
        "moved back; needs `CASHIER_PAYLOAD_KEYS_DIR`. Not set: clear text is accepted",
    )

    @model_validator(mode="after")
    def _has_keys_where_clear_text_is_refused(self) -> Self:
        if self.clear_text_refused_since and not self.payload_keys_dir:
            raise ValueError(
                "clear_text_refused_since: needs payload_keys_dir, or nothing would be "
                "read at all"
            )
        return self

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
                f"callback_url: {host} is not a public address; only "
                "CASHIER_CALLBACK_PRIVATE_ADDRESSES=true allows it"
            )
        by_proxy = self.outgoing_proxy and not self.callback_private_addresses
        if host and by_proxy and is_unqualified(host):
            raise ValueError(
                f"callback_url: {host} is not a host of the Internet, to which "
                "outgoing_proxy leads; a shop in your own network needs "
                "CASHIER_CALLBACK_PRIVATE_ADDRESSES=true"
            )
        is_plain = (self.callback_url or "").startswith("http:")
        if is_plain and not self.callback_private_addresses:
            raise ValueError(
                "callback_url: must begin with https:// (http:// only inside your own "
                "network, with CASHIER_CALLBACK_PRIVATE_ADDRESSES=true)"
            )
        return self

    def callback_secrets(self) -> list[str]:
        """Read the secrets of the callbacks, the newest first; each signs.

        Raises:
            ValueError: It cannot be read, or a line is malformed; shows no content.
        """
        if self.callback_secrets_file is None:
            return []
        lines = text_of(self.callback_secrets_file).splitlines()
        secrets = [meant for line in lines if (meant := as_meant(line))]
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

    @property
    def proxy(self) -> str | None:
        """The URL of the outgoing proxy, with name and password: never to be shown."""
        proxy = self.outgoing_proxy
        return proxy.get_secret_value() if proxy else None

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
    """Whether it is a secret in the form of the Standard Webhooks specification."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64
