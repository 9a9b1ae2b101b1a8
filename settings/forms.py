"""The rules for settings other than URLs: files, addresses, ports, codes."""

import re
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from settings.path_names import shown

HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(?<!-)")
# A client id of Alipay's; it is sent in a header, and names the simulator's key files.
CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")

UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def form(text: str) -> WithJsonSchema:
    """Describe the format of a type of settings; docs/settings.md shows it."""
    return WithJsonSchema({"type": "string", "format": text})


def text_of(file: Path) -> str:
    """Return the text of a file, without a byte order mark.

    Raises:
        ValueError: Names the file, and shows none of its content.
    """
    named = shown(file)
    try:
        if not file.is_file():
            raise ValueError(f"there is no file {named}")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"the file {named} is not text") from None
    except OSError as error:
        raise ValueError(f"the file {named} cannot be read: {error.strerror}") from None


def _file(path: Path) -> Path:
    named = shown(path)
    try:
        if not path.is_file():
            raise ValueError(f"there is no file {named}")
        with path.open("rb") as opened:
            if not opened.read(1):
                raise ValueError(f"the file {named} is empty")
    except OSError as error:
        raise ValueError(f"the file {named} cannot be read: {error.strerror}") from None
    return path


def _text_file(path: Path) -> Path:
    if not text_of(path).strip():
        raise ValueError(f"the file {shown(path)} is empty")
    return path


def _folder(path: Path) -> Path:
    try:
        next(path.iterdir(), None)
    except FileNotFoundError:
        raise ValueError(f"there is no folder {shown(path)}") from None
    except OSError as error:
        raise ValueError(
            f"the folder {shown(path)} cannot be read: {error.strerror}"
        ) from None
    return path


def _own_file(path: Path) -> Path:
    """Accept a file that this process writes, and creates if needed."""
    _folder(path.parent)
    if path.is_dir():
        raise ValueError(f"{shown(path)} is a folder; it must be a file")
    return path


def _own_folder(path: Path) -> Path:
    """Accept a folder that this process writes to, and creates if needed."""
    try:
        is_there = path.exists()
    except OSError:
        is_there = True  # the check below reports the problem
    _folder(path if is_there else path.parent)
    return path


def _address(value: str) -> str:
    host, _, port = value.rpartition(":")
    is_port = port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536
    if value and not (is_port and _is_ip(host)):
        raise ValueError(
            "must be host:port, the host as an IP address, e.g. 127.0.0.1:9464 or "
            "[::1]:9464; or empty for off"
        )
    return value


def _is_ip(host: str) -> bool:
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return (address.version == 6) == host.startswith("[")


def _listening_host(value: str) -> str:
    if ":" in value and not value.startswith("["):
        is_host = _is_ip(f"[{value}]")
    else:
        is_host = HOST.fullmatch(value) is not None
    if not is_host:
        raise ValueError(
            "must be an IP address or a host name, without a port, e.g. 127.0.0.1"
        )
    return value


def _client_id(value: str) -> str:
    if not CLIENT_ID.fullmatch(value):
        raise ValueError(
            f"has {len(value)} characters; must be 1 to 128 letters, digits, - and _, "
            "as Alipay gives it"
        )
    return value


def _currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise ValueError(
            f"has {len(value)} characters; must be the ISO 4217 code of a currency in "
            "capital letters, such as USD"
        )
    return value


def _utc_time(value: object) -> object:
    # With its zone: without one the time would depend on the machine.
    if isinstance(value, str) and not UTC_TIME.fullmatch(value):
        raise ValueError(
            f"has {len(value)} characters; must be a time of UTC such as "
            "2026-12-01T00:00:00Z"
        )
    return value


def _number(value: object) -> object:
    # Digits only: pydantic also reads 8_080, 8080.0 and digits of other scripts.
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise ValueError(
            f"has {len(value)} characters; must be a whole number in digits: an integer"
        )
    return value


def _decimal(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]+)?", value):
        raise ValueError(f"has {len(value)} characters; must be a number such as 2.5")
    return value


UtcTime = Annotated[
    datetime,
    BeforeValidator(_utc_time),
    form("time of UTC such as `2026-12-01T00:00:00Z`"),
]
Decimal = Annotated[float, BeforeValidator(_decimal)]
Whole = Annotated[int, BeforeValidator(_number)]
Currency = Annotated[
    str, AfterValidator(_currency), form("ISO 4217 code in capital letters: `USD`")
]
TextFile = Annotated[Path, AfterValidator(_text_file), form("path of a text file")]
# A file whose reader checks the content.
ReadableFile = Annotated[Path, AfterValidator(_file), form("path of a file")]
Folder = Annotated[Path, AfterValidator(_folder), form("path of a folder")]
OwnFile = Annotated[
    Path,
    AfterValidator(_own_file),
    form("path of a file; its folder must exist, the file is made where it is not"),
]
OwnFolder = Annotated[
    Path,
    AfterValidator(_own_folder),
    form("path of a folder; its parent must exist, the folder is made where it is not"),
]
Address = Annotated[
    str, AfterValidator(_address), form("`IP:port`, as `127.0.0.1:9464`, `[::1]:9464`")
]
ListeningHost = Annotated[
    str,
    AfterValidator(_listening_host),
    form("IP address or host name, without a port"),
]
Port = Annotated[Whole, Field(ge=1, le=65535)]
ClientId = Annotated[
    str, AfterValidator(_client_id), form("1 to 128 letters, digits, `-` and `_`")
]
