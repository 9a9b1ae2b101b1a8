"""Settings of the codec server, from the environment or `.env`."""

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from codec.keyring import Keyring, KeyringError
from codec.server.operators import Operators, OperatorsError
from codec.server.tokens import SigningKeys, SigningKeysError, TokenRule
from settings.forms import Folder, ListeningHost, Port, ReadableFile, form
from settings.process import ProcessSettings
from settings.urls import KeySetUrl, PageOrigin, PageUrl, page_origin

# Users write either name for a page of this machine.
OTHER_NAME = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def _by_commas(value: object) -> object:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _by_both_names(origins: Sequence[str]) -> tuple[str, ...]:
    """Return the origins; those of this machine with both of its names."""
    found = list(origins)
    for origin in origins:
        parts = urlsplit(origin)
        if other := OTHER_NAME.get(parts.hostname or ""):
            port = f":{parts.port}" if parts.port else ""
            found.append(f"{parts.scheme}://{other}{port}")
    return tuple(dict.fromkeys(found))


class CodecSettings(ProcessSettings):
    """Settings of the codec server: keys, the Temporal UI, and who may read."""

    model_config = SettingsConfigDict(
        env_prefix="CASHIER_CODEC_", populate_by_name=True
    )

    host: ListeningHost = Field(
        default="127.0.0.1", description="The address at which the codec server listens"
    )
    port: Port = Field(
        default=8082, description="The port at which the codec server listens"
    )
    url: PageUrl = Field(
        default="http://127.0.0.1:8082",
        description="The URL at which browsers reach the codec server",
    )
    ui_origins: Annotated[
        tuple[PageOrigin, ...], NoDecode, BeforeValidator(_by_commas)
    ] = Field(
        default=("http://127.0.0.1:8233",),
        min_length=1,
        description="Where browsers find the Temporal UI; only its pages may have "
        "payloads decoded, and pages of the codec server link to the first",
    )
    payload_keys_dir: Folder = Field(
        validation_alias="CASHIER_PAYLOAD_KEYS_DIR",
        description="The keys that decrypt all payloads that Temporal keeps, one file "
        "each, `{key id}.key`; a new one is read without a restart",
        examples=["secrets/payloads"],
        json_schema_extra={"secret": "the folder"},
    )
    operators_file: ReadableFile | None = Field(
        default=None,
        description="Who may log in, one on each line, `name:hash`; `cashier operators "
        "add` writes it. Not set: only tokens are accepted",
        examples=["secrets/operators"],
        json_schema_extra={
            "secret": "hashes only",
            "needed": "unless there are token keys",
        },
    )
    token_keys_url: KeySetUrl | None = Field(
        default=None,
        description="Where the JWKS is that verifies the tokens which the Temporal UI "
        "passes on. Not set: no tokens are accepted, unless there is a file",
        json_schema_extra={"needed": "unless there is an operators file"},
    )
    token_keys_file: ReadableFile | None = Field(
        default=None, description="The JWKS as a file, in place of its URL"
    )
    token_issuer: str | None = Field(
        default=None,
        description="Who must have issued a token: its claim `iss`",
        json_schema_extra={"needed": "with token keys"},
    )
    token_audience: str | None = Field(
        default=None,
        description="For whom a token must be issued: its claim `aud`",
        json_schema_extra={"needed": "with token keys"},
    )
    token_claim: Annotated[str, form("`name=value`")] | None = Field(
        default=None, description="A further claim that a token must have"
    )

    @model_validator(mode="after")
    def _somebody_may_read(self) -> Self:
        keys = [self.token_keys_url, self.token_keys_file]
        if all(keys):
            raise ValueError("token_keys_file: not together with token_keys_url")
        for name in ("token_issuer", "token_audience"):
            if any(keys) and not getattr(self, name):
                raise ValueError(
                    f"{name}: needed with token_keys_url or token_keys_file, or "
                    "tokens for other services would be accepted"
                )
        if self.token_claim and not all(self.token_claim.partition("=")):
            raise ValueError("token_claim: must be name=value")
        if not any(keys) and not self.operators_file:
            raise ValueError(
                "operators_file: needed, or token_keys_url with token_issuer and "
                "token_audience, or nobody could read anything"
            )
        return self

    @model_validator(mode="after")
    def _files_are_readable(self) -> Self:
        try:
            _ = self.keyring, self.operators, self.token_rule
        except KeyringError as error:
            raise ValueError(f"CASHIER_PAYLOAD_KEYS_DIR: {error}") from None
        except OperatorsError as error:
            raise ValueError(f"operators_file: {error}") from None
        except SigningKeysError as error:
            raise ValueError(f"token_keys_file: {error}") from None
        return self

    @cached_property
    def keyring(self) -> Keyring:
        """The keys of all payloads."""
        return Keyring.load(self.payload_keys_dir)

    @cached_property
    def operators(self) -> Operators | None:
        """The operators who may log in; None where only tokens are accepted."""
        return Operators(self.operators_file) if self.operators_file else None

    @cached_property
    def token_rule(self) -> TokenRule | None:
        """The rule for accepted tokens; None where tokens are not accepted."""
        if not (self.token_issuer and self.token_audience):
            return None
        if self.token_keys_file:
            keys = SigningKeys.of_file(self.token_keys_file)
        elif self.token_keys_url:
            keys = SigningKeys.of_url(self.token_keys_url)
        else:
            return None
        name, _, value = (self.token_claim or "").partition("=")
        return TokenRule(
            keys,
            issuer=self.token_issuer,
            audience=self.token_audience,
            claim=(name, value) if name else None,
        )

    @property
    def own_origins(self) -> tuple[str, ...]:
        """The origins of this server's own pages."""
        return _by_both_names((page_origin(self.url),))

    @property
    def pages_of_ui(self) -> tuple[str, ...]:
        """The origins of the UI's pages; a local UI has two names."""
        return _by_both_names(self.ui_origins)
