"""Each setting of each process is read as it was meant, or refused by name and rule.

The settings are found in the code, so a new one is covered by itself; it only needs a
sound value (`every_setting.BESIDES`).
"""

from collections.abc import Callable, Mapping

import pytest
from pydantic_settings import BaseSettings

from cashier.running import read_settings
from tests.codec.issuing import Issuer
from tests.settings.accidents import ACCIDENTS, IMPOSSIBLE
from tests.settings.every_setting import (
    WITHOUT,
    every_setting,
    settings_classes,
    sound_environment,
    variable_of,
)
from tests.settings.secrets_given import SECRETS

SETTINGS = every_setting()
EVERY_SETTING = pytest.mark.parametrize(
    ("settings", "field"), SETTINGS, ids=[f"{c.__name__}.{f}" for c, f in SETTINGS]
)
WRONG_URLS: dict[str, Callable[[str], str]] = {
    "a port that no host has": lambda it: _with_host(it, "shop.example:99999"),
    "port 0": lambda it: _with_host(it, "shop.example:0"),
    "a port that is none": lambda it: _with_host(it, "shop.example:https"),
    "an empty port": lambda it: _with_host(it, "shop.example:"),
    "no host": lambda it: _with_host(it, ""),
    "a blank in the host": lambda it: _with_host(it, "shop .example"),
    "a backslash": lambda it: _with_host(it, "shop.example\\evil.example"),
    "an address that is not in full": lambda it: _with_host(it, "127.1"),
    "an address as one number": lambda it: _with_host(it, "2130706433"),
    "an address in hexadecimal": lambda it: _with_host(it, "0x7f.1"),
    "a dot after the host": lambda it: _with_host(it, "shop.example."),
    "an open bracket": lambda it: _with_host(it, "[::1"),
    "letters of another alphabet": lambda it: _with_host(it, "sh\u00f6p.example"),
    "another scheme": lambda it: "ftp://" + it.partition("://")[2],
    "no scheme": lambda it: it.partition("://")[2],
    "a fragment": lambda it: f"{it}#top",
    "too long": lambda it: f"{it.rstrip('/')}/{'a' * 3000}",
}
WRONG_NUMBERS = ("-1", "1e99", "ten", "0x10", "8_0", "1.5.1", "9" * 30, "\u0661", "nan")


def _with_host(url: str, host: str) -> str:
    scheme, _, rest = url.partition("://")
    _, slash, path = rest.partition("/")
    return f"{scheme}://{host}{slash}{path}"


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    folder = tmp_path_factory.mktemp("sound")
    (folder / "token-keys.json").write_text(Issuer().jwks())
    environment = dict(sound_environment(folder))
    environment["CASHIER_CODEC_TOKEN_KEYS_FILE"] = str(folder / "token-keys.json")
    return environment


Read = Callable[..., BaseSettings]


@pytest.fixture
def read(sound: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read settings from the environment, with one of them changed."""

    def read(
        settings: type[BaseSettings], field: str, change: Callable[[str], str] = str
    ) -> BaseSettings:
        name = variable_of(settings, field)
        left_out = WITHOUT.get(name, set())
        if name != "CASHIER_CODEC_TOKEN_KEYS_FILE":
            left_out = left_out | {"CASHIER_CODEC_TOKEN_KEYS_FILE"}
        for other, value in sound.items():
            if other not in left_out:
                monkeypatch.setenv(other, value)
            else:
                monkeypatch.delenv(other, raising=False)
        value = "true" if name == "CASHIER_CLEAR_TEXT" else sound[name]
        monkeypatch.setenv(name, change(value))
        return read_settings(settings)

    return read


def refusal_of(read: Callable[[], object], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        read()
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_all_processes_are_found() -> None:
    names = {one.__name__ for one in settings_classes()}
    assert names >= {
        "WorkerSettings",
        "ApiSettings",
        "OperatorSettings",
        "CodecSettings",
        "SimulatorSettings",
        "StorefrontSettings",
    }


@EVERY_SETTING
def test_every_setting_has_a_sound_value_and_is_read(
    settings: type[BaseSettings], field: str, read: Read
) -> None:
    assert getattr(read(settings, field), field) is not None


@pytest.fixture(scope="session")
def meant() -> dict[tuple[type[BaseSettings], str], object]:
    """What each setting says without an accident; to load a key takes its time."""
    return {}


@EVERY_SETTING
@pytest.mark.parametrize("accident", ACCIDENTS.values(), ids=ACCIDENTS)
def test_what_surely_is_an_accident_is_taken_away(
    settings: type[BaseSettings],
    field: str,
    accident: Callable[[str], str],
    read: Read,
    meant: dict[tuple[type[BaseSettings], str], object],
) -> None:
    if (settings, field) not in meant:
        meant[settings, field] = getattr(read(settings, field), field)
    assert getattr(read(settings, field, accident), field) == meant[settings, field]


@EVERY_SETTING
@pytest.mark.parametrize("wrong", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_nobody_can_have_meant_is_refused_by_name_and_rule(
    settings: type[BaseSettings],
    field: str,
    wrong: Callable[[str], str],
    read: Read,
    sound: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = variable_of(settings, field)
    if sound[name].startswith("{") and wrong is IMPOSSIBLE["a line feed inside"]:
        pytest.skip("JSON may be written over several lines")
    said = refusal_of(lambda: read(settings, field, wrong), capsys)
    [line] = [one for one in said.splitlines() if name in one]
    assert line.startswith(f"  {name}: ")
    assert len(line) > len(name) + 20
    if len(sound[name]) > 8:
        assert sound[name] not in said


@EVERY_SETTING
def test_a_setting_that_is_given_and_empty_counts_as_not_given(
    settings: type[BaseSettings],
    field: str,
    read: Read,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name, one = variable_of(settings, field), settings.model_fields[field]
    for empty in ("", " \n", '""'):
        try:
            found = getattr(read(settings, field, lambda _, it=empty: it), field)
        except SystemExit:
            # It is needed, or others need it: said as if it were not there.
            said = capsys.readouterr().err
            assert (f"{name}: is given, and empty" in said) is one.is_required()
            assert name.lower() in said.lower()
        else:
            assert found == one.get_default(call_default_factory=True)


LISTENING = ("host", "api_host")
URLS = [
    (settings, field)
    for settings, field in SETTINGS
    if field.endswith(("url", "host", "origins", "proxy")) and field not in LISTENING
]


@pytest.mark.parametrize(
    ("settings", "field"), URLS, ids=[f"{c.__name__}.{f}" for c, f in URLS]
)
@pytest.mark.parametrize("wrong", WRONG_URLS.values(), ids=WRONG_URLS)
def test_a_url_that_nothing_can_be_sent_to_is_refused(
    settings: type[BaseSettings],
    field: str,
    wrong: Callable[[str], str],
    read: Read,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refusal_of(lambda: read(settings, field, wrong), capsys)
    assert f"  {variable_of(settings, field)}: " in said


def test_every_setting_that_is_a_url_is_among_them(sound: Mapping[str, str]) -> None:
    are_urls = {
        f"{settings.__name__}.{field}"
        for settings, field in SETTINGS
        if "://" in sound.get(variable_of(settings, field), "")
    }
    # The issuer is a name that only looks like a URL.
    assert {f"{c.__name__}.{f}" for c, f in URLS} == {
        name for name in are_urls if not name.endswith("token_issuer")
    }


def _is_number(settings: type[BaseSettings], field: str) -> bool:
    kind = str(settings.model_fields[field].annotation)
    return "int" in kind.split("[")[0] or "float" in kind or "int |" in kind


NUMBERS = [one for one in SETTINGS if _is_number(*one)]


@pytest.mark.parametrize(
    ("settings", "field"), NUMBERS, ids=[f"{c.__name__}.{f}" for c, f in NUMBERS]
)
@pytest.mark.parametrize("wrong", WRONG_NUMBERS)
def test_a_number_that_means_nothing_here_is_refused(
    settings: type[BaseSettings],
    field: str,
    wrong: str,
    read: Read,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if field == "seed" and wrong == "-1":
        pytest.skip("any whole number is a seed")
    said = refusal_of(lambda: read(settings, field, lambda _: wrong), capsys)
    assert f"  {variable_of(settings, field)}: " in said


PORTS = [one for one in SETTINGS if one[1].endswith("port")]


@pytest.mark.parametrize(("settings", "field"), PORTS)
@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_port_that_no_host_has_is_refused(
    settings: type[BaseSettings],
    field: str,
    port: str,
    read: Read,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (
        "65535" in refusal_of(lambda: read(settings, field, lambda _: port), capsys)
        or port == "0"
    )


PATHS = [
    one for one in SETTINGS if "Path" in str(one[0].model_fields[one[1]].annotation)
]


@pytest.mark.parametrize(
    ("settings", "field"), PATHS, ids=[f"{c.__name__}.{f}" for c, f in PATHS]
)
@pytest.mark.parametrize(
    "path", ["/nowhere/to/be/found", "/" + "n" * 300 + "/x", "/dev/null/x"]
)
def test_a_path_that_leads_nowhere_is_refused(
    settings: type[BaseSettings],
    field: str,
    path: str,
    read: Read,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refusal_of(lambda: read(settings, field, lambda _: path), capsys)
    assert f"  {variable_of(settings, field)}: " in said


@pytest.mark.parametrize(
    ("settings", "field"), PATHS, ids=[f"{c.__name__}.{f}" for c, f in PATHS]
)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_in_place_of_its_file_is_not_shown(
    settings: type[BaseSettings],
    field: str,
    secret: str,
    read: Read,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refusal_of(lambda: read(settings, field, lambda _: secret), capsys)
    [line] = [one for one in said.splitlines() if one.startswith("  ")]
    assert f"  {variable_of(settings, field)}: has {len(secret.strip())} char" in line
    assert "looks like a key, where the name of a file" in line
    assert secret.strip()[5:20] not in said


@pytest.mark.parametrize(
    ("settings", "field"), PATHS, ids=[f"{c.__name__}.{f}" for c, f in PATHS]
)
def test_a_short_secret_in_place_of_its_file_is_not_shown(
    settings: type[BaseSettings],
    field: str,
    read: Read,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if field in ("state_file", "database", "archive_dir"):
        pytest.skip("such a file or folder would be made")
    said = refusal_of(lambda: read(settings, field, lambda _: "hunter2hunter2"), capsys)
    assert f"  {variable_of(settings, field)}: " in said
    assert "hunter2" not in said
    assert "14 characters" in said
