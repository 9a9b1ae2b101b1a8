"""The processes that the manifests run, as the code has them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic_settings import BaseSettings
from temporalio.client import Client

import worker
from api import server as api_server
from api.app import create_app as create_api
from api.metrics.backlog import Backlog
from api.metrics.served import create_metrics_app
from api.settings import ApiSettings
from audit.archive import schedule
from cashier.settings import ArchiverSettings
from codec.server import app as codec_server
from codec.server.settings import CodecSettings
from http_server.health import create_health_app
from settings.worker import WorkerSettings

# By port: what answers there.
Served = dict[int, FastAPI]


@dataclass(frozen=True)
class Process:
    """What the code says of one process.

    Attributes:
        command: The words behind `cashier`.
        settings: What reads its environment.
        grace: How long it lets what is in flight finish.
        served: What answers on which port, once it has these settings.
        takes: Options of its command that the environment gives.
    """

    command: tuple[str, ...]
    settings: type[BaseSettings]
    grace: timedelta
    served: Callable[[Any], Awaitable[Served]]
    takes: frozenset[str] = frozenset()


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


async def answers(app: FastAPI, path: str) -> bool:
    """Whether an application serves a path, without asking what it says there."""
    wire = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=wire, base_url="http://pod") as http:
        said = await http.options(path)
    return said.status_code == 405 and "GET" in said.headers["Allow"]


def _engine() -> FastAPI:
    """Stand in for the SDK's engine, which shows the worker's metrics."""
    app = FastAPI(openapi_url=None)
    app.get("/metrics")(lambda: "")
    return app


async def _worker(settings: WorkerSettings) -> Served:
    return {
        port_of(settings.metrics_address): _engine(),
        port_of(settings.health_address): create_health_app(lambda: True),
    }


async def _api(settings: ApiSettings) -> Served:
    client = await Client.connect("127.0.0.1:1", lazy=True)
    return {
        settings.api_port: create_api(settings, client),
        port_of(settings.api_metrics_address): create_metrics_app(Backlog(client)),
    }


async def _codec(settings: CodecSettings) -> Served:
    return {settings.port: codec_server.create_app(settings)}


async def _archiver(settings: ArchiverSettings) -> Served:
    return {port_of(settings.health_address): create_health_app(lambda: True)}


PROCESSES = {
    "cashier-worker": Process(("worker",), WorkerSettings, worker.GRACE, _worker),
    "cashier-api": Process(
        ("api",), ApiSettings, timedelta(seconds=api_server.GRACE_SECONDS), _api
    ),
    "cashier-codec": Process(
        ("codec-server",),
        CodecSettings,
        timedelta(seconds=codec_server.GRACE_SECONDS),
        _codec,
    ),
    "cashier-archiver": Process(
        ("audit", "archiver"),
        ArchiverSettings,
        schedule.GRACE,
        _archiver,
        frozenset({"CASHIER_AUDIT_KEY_FILE", "CASHIER_ARCHIVE_DIR"}),
    ),
}
