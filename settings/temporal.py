"""The connection to Temporal: the settings TEMPORAL_*, which the SDK reads.

They are checked here because the SDK accepts any value: a client that connects lazily,
such as the API's, would fail only at its first call, and at every call.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from settings.given_text import as_meant
from settings.path_names import check_path_name, shown

if TYPE_CHECKING:
    from temporalio.envconfig import ClientConnectConfig

PREFIX: Final = "TEMPORAL_"
USUAL: Final = "localhost:7233"
ADDRESS: Final = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")
# By variable: the pattern, and the rule in words.
RULES: Final = {
    "TEMPORAL_ADDRESS": (ADDRESS, "must be host:port, such as localhost:7233"),
    "TEMPORAL_NAMESPACE": (
        re.compile(r"[A-Za-z0-9._-]{1,255}"),
        "must be 1 to 255 letters, digits and . _ -",
    ),
    "TEMPORAL_TLS": (
        re.compile("true|false|1|0", re.IGNORECASE),
        "must be true or false",
    ),
    "TEMPORAL_API_KEY": (re.compile("[!-~]+"), "must be visible ASCII, without blanks"),
}
# By variable: the description.
MEANINGS: Final = {
    "TEMPORAL_ADDRESS": f"Where Temporal's frontend is; `{USUAL}` if not set",
    "TEMPORAL_NAMESPACE": "The namespace of payments; `default` if not set",
    "TEMPORAL_API_KEY": "The API key, as of Temporal Cloud; switches TLS on",
    "TEMPORAL_TLS": "Whether to connect by TLS",
    "TEMPORAL_TLS_CLIENT_CERT_PATH": "The client's certificate for mutual TLS, as PEM; "
    "needed with its key",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "The private key of the client's certificate, as "
    "PEM without a password",
    "TEMPORAL_TLS_SERVER_CA_CERT_PATH": "The certificate of the authority that signed "
    "the server's, as PEM; the system's authorities if not set",
    "TEMPORAL_TLS_SERVER_NAME": "The name in the server's certificate, where it is not "
    "the host of `TEMPORAL_ADDRESS`",
    "TEMPORAL_CONFIG_FILE": "The SDK's configuration file, in TOML; variables take "
    "precedence over it",
    "TEMPORAL_PROFILE": "The profile in the configuration file",
}
# The variables that hold a secret, or name a file that does.
SECRETS: Final = {
    "TEMPORAL_API_KEY": "the value",
    "TEMPORAL_TLS_CLIENT_KEY_PATH": "the file",
}


class TemporalSettingError(ValueError):
    """An invalid setting TEMPORAL_*; the message names it, and shows no value."""


def temporal_config(
    environment: Mapping[str, str] | None = None,
) -> "ClientConnectConfig":
    """Return how to connect, from the environment and the SDK's configuration file.

    Args:
        environment: In place of the process's own.

    Raises:
        TemporalSettingError: Names the variable, and the rule that it breaks.
    """
    given = dict(os.environ if environment is None else environment)
    for name in [one for one in given if one.startswith(PREFIX)]:
        given[name] = _checked(name, given[name])
        if not given[name]:
            del given[name]
    file = given.get("TEMPORAL_CONFIG_FILE")
    # The SDK would ignore a missing file, and connect to its default address.
    if file and not os.path.exists(file):
        raise TemporalSettingError(
            f"TEMPORAL_CONFIG_FILE: there is no file {shown(Path(file))}"
        )
    config = _loaded(given)
    config.setdefault("target_host", USUAL)
    return config


def is_address(text: str) -> bool:
    """Whether a text names a host and a port, as TEMPORAL_ADDRESS must."""
    found = ADDRESS.fullmatch(text)
    return found is not None and 0 < int(found[2]) < 65536


def _loaded(given: Mapping[str, str]) -> "ClientConnectConfig":
    # Here, because every command imports this file, and many do without Temporal.
    from temporalio.envconfig import ClientConfig
    from temporalio.service import TLSConfig

    from settings.temporal_tls import check_tls

    try:
        config = ClientConfig.load_client_connect_config(override_env_vars=given)
    except OSError as error:
        raise TemporalSettingError(
            f"TEMPORAL_TLS_*_PATH, or the file of TEMPORAL_CONFIG_FILE: "
            f"{shown(Path(error.filename or '.'))} cannot be read: {error.strerror}"
        ) from None
    except RuntimeError:
        raise TemporalSettingError(
            "TEMPORAL_CONFIG_FILE or TEMPORAL_PROFILE: the file is not TOML of the "
            "SDK's form, or has no such profile"
        ) from None
    tls = config.get("tls")
    if isinstance(tls, TLSConfig):
        try:
            check_tls(tls)
        except ValueError as error:
            raise TemporalSettingError(str(error)) from None
    return config


def _checked(name: str, value: str) -> str:
    if name.endswith("_DATA"):
        # PEM, which has several lines.
        return value.strip()
    try:
        if name.endswith(("_PATH", "_FILE")):
            check_path_name(value)
        meant = as_meant(value)
    except ValueError as error:
        raise TemporalSettingError(f"{name}: {error}") from None
    pattern, rule = RULES.get(name, (None, ""))
    found = pattern.fullmatch(meant) if pattern and meant else None
    is_right = is_address(meant) if name == "TEMPORAL_ADDRESS" else found
    if pattern and meant and not is_right:
        raise TemporalSettingError(f"{name}: has {len(meant)} characters; {rule}")
    return meant
