"""Connects processes to Temporal, with one data converter for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from google.protobuf.message import Message
from pydantic import ValidationError
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionResponse,
    ListWorkflowExecutionsResponse,
    QueryWorkflowResponse,
)
from temporalio.client import Client, Interceptor, PayloadLimitsConfig
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadConverter,
)
from temporalio.exceptions import ApplicationError
from temporalio.runtime import Runtime
from temporalio.service import ServiceClient, _BridgeServiceClient

from codec.clear_text import converter_since
from codec.keyring import Keyring
from codec.payload_codec import EncryptingCodec
from contracts import Refusal
from settings.temporal import temporal_config

# The SDK warns above this size, and the worker counts the warnings: a quarter of the 2
# MiB above which a server rejects a payload. The largest order that the API takes is 1
# MiB.
PAYLOAD_LIMITS = PayloadLimitsConfig(
    payloads_warn_size=512 * 1024, memo_warn_size=2 * 1024
)
AnswerT = TypeVar("AnswerT", bound=Message)
_SDK_CONVERTERS = tuple(PydanticPayloadConverter().converters.values())


class SharedPayloadConverter(CompositePayloadConverter):
    """The SDK's pydantic converter, whose parts are created once per process.

    The SDK creates a converter for each workflow and each of its tasks; each would
    build the schemas of all types again.
    """

    def __init__(self) -> None:
        super().__init__(*_SDK_CONVERTERS)


# Clear text, for tests and for recorded histories.
DATA_CONVERTER = DataConverter(payload_converter_class=SharedPayloadConverter)


class ReadableRefusals(DefaultFailureConverterWithEncodedAttributes):
    """Encrypts the messages of failures, except those of rejected updates.

    The Temporal UI does not decode these, and the operator must know why an update was
    rejected. They contain no secret (`contracts/refusals.py`), and Temporal does not
    store rejections. An argument that cannot be decoded is described by its fields and
    rules, never by its values.
    """

    def to_failure(
        self,
        exception: BaseException,
        payload_converter: PayloadConverter,
        failure: Failure,
    ) -> None:
        """Fill the failure; see the base class."""
        if wrong := _wrong_shape(exception):
            exception = wrong
        super().to_failure(exception, payload_converter, failure)
        if isinstance(exception, ApplicationError) and exception.type in list(Refusal):
            failure.message = exception.message


def _wrong_shape(exception: BaseException) -> ApplicationError | None:
    """Return why an argument was not decoded, if that caused the failure."""
    error: BaseException | None = exception
    while not (error is None or isinstance(error, ValidationError)):
        error = error.__cause__
    if isinstance(exception, ApplicationError) or not isinstance(
        error, ValidationError
    ):
        return None
    found = error.errors(include_input=False, include_context=False, include_url=False)
    wrong = "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'argument'}: {one['msg']}" for one in found
    )
    return ApplicationError(wrong, type=Refusal.WRONG_SHAPE)


def data_converter(
    keyring: Keyring | None, *, clear_text_refused_since: datetime | None = None
) -> DataConverter:
    """Return the data converter, which must be the same in all processes.

    Args:
        keyring: Encrypts payloads, and messages and stack traces of failures; the type
            of a failure, and the message of a rejected update, stay readable. None
            leaves everything in clear text.
        clear_text_refused_since: From when on a worker's activities refuse what came in
            clear text; its workflows do so by `codec.refusing_runner.RefusingRunner`.
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
        failure_converter_class=ReadableRefusals,
    )


class PausedIsRunning(ServiceClient):
    """Reports a paused workflow as running, because it has not closed.

    The SDK does not know the server's status PAUSED, and fails to read every answer
    that contains it, such as a page of a list. The pause, by whom and why, stays in the
    description (`visibility/paused.py`).
    """

    def __init__(self, given: ServiceClient) -> None:
        """Wrap the service client that calls the server."""
        super().__init__(given.config)
        self._given = given

    @property
    def worker_service_client(self) -> _BridgeServiceClient:
        """Return the client for the workers' polls, whose answers have no status."""
        return self._given.worker_service_client

    def update_rpc_metadata(self, metadata: Mapping[str, str | bytes]) -> None:
        self._given.update_rpc_metadata(metadata)

    def update_api_key(self, api_key: str | None) -> None:
        self._given.update_api_key(api_key)

    async def _rpc_call(
        self,
        rpc: str,
        req: Message,
        resp_type: type[AnswerT],
        *,
        service: str,
        retry: bool,
        metadata: Mapping[str, str | bytes],
        timeout: timedelta | None,  # noqa: ASYNC109 - the SDK's name
    ) -> AnswerT:
        answer = await self._given._rpc_call(
            rpc,
            req,
            resp_type,
            service=service,
            retry=retry,
            metadata=metadata,
            timeout=timeout,
        )
        _call_running(answer)
        return answer


def _call_running(answer: Message) -> None:
    paused = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_PAUSED
    running = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
    match answer:
        case DescribeWorkflowExecutionResponse():
            told = [answer.workflow_execution_info]
        case ListWorkflowExecutionsResponse():
            told = [*answer.executions]
        case QueryWorkflowResponse():
            if answer.query_rejected.status == paused:
                answer.query_rejected.status = running
            return
        case _:
            return
    for one in told:
        if one.status == paused:
            one.status = running


def paused_is_running(client: Client) -> Client:
    """Return the client, changed so that it can read paused workflows."""
    config = client.config()
    config["service_client"] = PausedIsRunning(client.service_client)
    return Client(**config)


async def connect(
    *,
    keyring: Keyring | None,
    clear_text_refused_since: datetime | None = None,
    lazy: bool = False,
    identity: str | None = None,
    runtime: Runtime | None = None,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect with the settings of the environment.

    TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS and the like
    (`temporalio.envconfig`) choose the cluster, so Temporal Cloud is only a setting.

    Args:
        keyring: The keys of all payloads; None for clear text.
        clear_text_refused_since: As in `data_converter`; only for a worker.
        lazy: Connect with the first call, so that Temporal may start later.
        identity: The client's identity in histories; None for process and machine.
        runtime: Where the SDK's metrics go; None for nowhere.
        interceptors: Interceptors of the client, as for tracing.

    Raises:
        TemporalSettingError: A setting TEMPORAL_* is wrong.
    """
    config = temporal_config()
    client = await Client.connect(
        **config,
        payload_limits=PAYLOAD_LIMITS,
        data_converter=data_converter(
            keyring, clear_text_refused_since=clear_text_refused_since
        ),
        lazy=lazy,
        identity=identity,
        runtime=runtime,
        interceptors=interceptors,
    )
    return paused_is_running(client)
