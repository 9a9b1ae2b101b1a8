"""Where Temporal is: named when it is wrong, before anything starts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cashier.commands import app
from cashier.system.home import Home
from cashier.system.ports import Ports
from settings.temporal import TemporalSettingError, temporal_config
from tests.settings.accidents import ACCIDENTS, IMPOSSIBLE

SOUND = {
    "TEMPORAL_ADDRESS": "payments.a1b2c.tmprl.cloud:7233",
    "TEMPORAL_NAMESPACE": "payments.a1b2c",
    "TEMPORAL_API_KEY": "eyJhbGciOi.J9",
    "TEMPORAL_CONFIG_FILE": "/dev/null",
}


@pytest.mark.parametrize("accident", ACCIDENTS.values(), ids=ACCIDENTS)
def test_what_surely_is_an_accident_is_taken_away_from_temporals_settings(
    accident: Callable[[str], str],
) -> None:
    given = {name: accident(value) for name, value in SOUND.items()}
    config = temporal_config(given)
    assert config["target_host"] == SOUND["TEMPORAL_ADDRESS"]
    assert config["namespace"] == SOUND["TEMPORAL_NAMESPACE"]
    assert config["api_key"] == SOUND["TEMPORAL_API_KEY"]


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("wrong", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_nobody_can_have_meant_is_refused_of_temporals_settings(
    name: str, wrong: Callable[[str], str]
) -> None:
    with pytest.raises(TemporalSettingError) as refusal:
        temporal_config({**SOUND, name: wrong(SOUND[name])})
    assert str(refusal.value).startswith(f"{name}: ")
    assert SOUND[name] not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEMPORAL_ADDRESS", "localhost"),
        ("TEMPORAL_ADDRESS", "localhost:99999"),
        ("TEMPORAL_ADDRESS", "localhost:0"),
        ("TEMPORAL_ADDRESS", "http://localhost:7233"),
        ("TEMPORAL_ADDRESS", "::1:7233"),
        ("TEMPORAL_NAMESPACE", "pay ments"),
        ("TEMPORAL_TLS", "yes please"),
        ("TEMPORAL_API_KEY", "a key"),
        ("TEMPORAL_TLS_CLIENT_CERT_PATH", "/nowhere/cert.pem"),
        ("TEMPORAL_PROFILE", "production"),
    ],
)
def test_what_the_sdk_would_take_and_never_reach_is_refused(
    name: str, value: str
) -> None:
    with pytest.raises(TemporalSettingError, match=name.split("CLIENT")[0]):
        temporal_config({**SOUND, name: value})


def test_without_settings_it_is_on_this_machine() -> None:
    for given in ({}, {"TEMPORAL_ADDRESS": "", "TEMPORAL_NAMESPACE": '""'}):
        config = temporal_config({**given, "TEMPORAL_CONFIG_FILE": "/dev/null"})
        assert config["target_host"] == "localhost:7233"
        assert "namespace" not in config


@pytest.mark.parametrize("command", [["worker"], ["api"], ["stuck"]])
def test_each_process_that_uses_temporal_names_a_wrong_address(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.prepare()
    for name, value in home.environment(Ports()).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TEMPORAL_ADDRESS", "localhost")
    wrong = CliRunner().invoke(app, command)
    assert wrong.exit_code == 2
    assert "  TEMPORAL_ADDRESS: " in wrong.output
    assert "host:port" in wrong.output
