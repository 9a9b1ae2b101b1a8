"""All settings of all processes, as classes and fields are found in the code."""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel
from pydantic_settings import BaseSettings

from audit.bundle.signing_keys import make_pair
from cashier.system.home import Home
from cashier.system.ports import Ports

ROOT = Path(__file__).parents[2]
# What a local system does not set. A new setting needs a sound value here or there.
BESIDES = {
    "CASHIER_CALLBACK_URL": "https://shop.example/?wc-api=cashier&key=1",
    "CASHIER_CALLBACK_REDIRECTS": "true",
    "CASHIER_CLEAR_TEXT_REFUSED_SINCE": "2026-12-01T00:00:00Z",
    "CASHIER_KEY_VERSION": "2",
    "CASHIER_HEALTH_ADDRESS": "127.0.0.1:9466",
    "CASHIER_WORKFLOW_SANDBOX": "true",
    "CASHIER_CACHED_WORKFLOWS": "500",
    "CASHIER_ACTIVITIES_PER_SECOND": "50",
    "TEMPORAL_DEPLOYMENT_NAME": "cashier/cashier-worker",
    "TEMPORAL_WORKER_BUILD_ID": "0.4.0-6f8d",
    "CASHIER_OUTGOING_PROXY": "http://cashier:s3cret@proxy.example:3128",
    "CASHIER_API_HOST": "127.0.0.1",
    "CASHIER_API_CALLS_PER_MINUTE": "600",
    "CASHIER_API_STREAMS_PER_KEY": "20",
    "CASHIER_LATE_MONEY": "HONOUR",
    "CASHIER_SECOND_PERSON_ABOVE": '{"PHP": 1000000, "*": 0}',
    "CASHIER_UI_URL": "https://temporal.example",
    "CASHIER_OPERATOR": "Anna Lee",
    "CASHIER_CODEC_HOST": "::1",
    "CASHIER_CODEC_TOKEN_KEYS_URL": "https://login.example/keys?p=sign-in",
    "CASHIER_CODEC_TOKEN_KEYS_FILE": "token-keys.json",
    "CASHIER_CODEC_TOKEN_ISSUER": "https://login.example/",
    "CASHIER_CODEC_TOKEN_AUDIENCE": "temporal",
    "CASHIER_CODEC_TOKEN_CLAIM": "role=operator",
    "SIMULATOR_HOST": "localhost",
    "SIMULATOR_MERCHANT_NAME": "Other Coffee",
    "SIMULATOR_CLOCK_FACTOR": "60",
    "SIMULATOR_TIMEOUT_SECONDS": "2.5",
    "SIMULATOR_SEED": "7",
    "STOREFRONT_HOST": "0.0.0.0",
    "STOREFRONT_EXPIRES_IN_MINUTES": "10",
}
# What the other settings of a process must be for one of them to be sound.
WITHOUT = {
    "CASHIER_CODEC_TOKEN_KEYS_FILE": {"CASHIER_CODEC_TOKEN_KEYS_URL"},
    "CASHIER_CLEAR_TEXT": {
        "CASHIER_PAYLOAD_KEYS_DIR",
        "CASHIER_CLEAR_TEXT_REFUSED_SINCE",
    },
}


def settings_classes() -> list[type[BaseSettings]]:
    """Return every class of settings, those that others only build on too."""
    for file in sorted(ROOT.glob("*/**/*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        is_ours = parts[0] not in ("tests", "bench", "chaos", "examples")
        if is_ours and "Settings(" in file.read_text() and parts[0][0] != ".":
            importlib.import_module(".".join(parts))
    return sorted(
        {one for one in _subclasses(BaseSettings) if _is_ours(one)},
        key=lambda one: one.__name__,
    )


def _subclasses(settings: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for one in settings.__subclasses__():
        yield one
        yield from _subclasses(one)


def _is_ours(settings: type[BaseModel]) -> bool:
    file = ROOT / (settings.__module__.replace(".", "/") + ".py")
    return file.exists() and not settings.__module__.startswith(("tests", "bench"))


def every_setting() -> list[tuple[type[BaseSettings], str]]:
    """Return each field of each class, inherited ones too."""
    return [
        (settings, field)
        for settings in settings_classes()
        for field in settings.model_fields
    ]


def variable_of(settings: type[BaseSettings], field: str) -> str:
    """Return by which variable of the environment a field is set."""
    alias = settings.model_fields[field].validation_alias
    prefix = settings.model_config.get("env_prefix", "")
    return alias if isinstance(alias, str) else f"{prefix}{field.upper()}"


def sound_environment(folder: Path) -> Mapping[str, str]:
    """Return a sound value of each setting, with the files that they name."""
    home, ports = Home(folder / "home"), Ports()
    home.prepare()
    local = {**home.environment(ports), **home.shop_environment(ports)}
    (folder / "archive").mkdir()
    signing, _ = make_pair(folder / "audit")
    archive = {
        "CASHIER_ARCHIVE_DIR": str(folder / "archive"),
        "CASHIER_AUDIT_KEY_FILE": str(signing),
    }
    return {**local, **archive, **BESIDES}
