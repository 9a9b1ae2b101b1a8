"""How this project's processes reach Temporal: one converter, one set of settings."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from temporalio.client import Client, Interceptor
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
)
from temporalio.runtime import Runtime

from codec.clear_text import converter_since
from codec.keyring import Keyring
from codec.payload_codec import EncryptingCodec
from settings.temporal import temporal_config

_SDK_CONVERTERS = tuple(PydanticPayloadConverter().converters.values())


class SharedPayloadConverter(CompositePayloadConverter):
    """The SDK's converter for pydantic, whose parts are made once in a process.

    The SDK makes a converter for each workflow and each of its tasks, and a new one of
    its own would have to learn all types again.
    """

    def __init__(self) -> None:
        super().__init__(*_SDK_CONVERTERS)


# Clear text, for tests and for recorded histories.
DATA_CONVERTER = DataConverter(payload_converter_class=SharedPayloadConverter)


def data_converter(
    keyring: Keyring | None, *, clear_text_refused_since: datetime | None = None
) -> DataConverter:
    """Return the converter: the same in every process, or one could not read another.

    Args:
        keyring: Encrypts payloads, and messages and stack traces of failures; a
            failure's type stays readable. None leaves everything in clear text.
        clear_text_refused_since: From when on a worker's activities refuse what came in
            clear text; its workflows do so by `codec.clear_text.RefusingRunner`.
    """
    if keyring is None:
        return DATA_CONVERTER
    since = clear_text_refused_since
    return replace(
        DATA_CONVERTER,
        payload_converter_class=(
            converter_since(since) if since else DATA_CONVERTER.payload_converter_class
        ),
        payload_codec=EncryptingCodec(keyring, marks_clear_text=since is not None),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    *,
    keyring: Keyring | None,
    clear_text_refused_since: datetime | None = None,
    lazy: bool = False,
    identity: str | None = None,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect as the environment says.

    TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS and the like
    (`temporalio.envconfig`) choose the cluster, so Temporal Cloud is only a setting.

    Args:
        keyring: The keys of all payloads; None for clear text.
        clear_text_refused_since: As in `data_converter`; of a worker alone.
        lazy: Connect with the first call, so that Temporal may come up later.
        identity: Who calls, as histories keep it; None for process and machine.
        runtime: Where the SDK's metrics go; None for nowhere.
        interceptors: What looks at each call, as tracing does.

    Raises:
        TemporalSettingError: A setting TEMPORAL_* cannot be used.
    """
    config = temporal_config()
    return await Client.connect(
        **config,
        data_converter=data_converter(
            keyring, clear_text_refused_since=clear_text_refused_since
        ),
        lazy=lazy,
        identity=identity,
        runtime=runtime,
        interceptors=interceptors,
    )
