"""The rules for the texts of the shop's settings.

The payment service has similar rules; a shop has its own code.
"""

import os
import re
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

# Accidental characters around a value: blanks, line feeds, invisible marks.
AROUND = " \t\r\n\u00a0\u00ad\u200b\u200c\u200d\u2060\ufeff"
QUOTES = ("'", '"')
# API keys, secrets of callbacks, PEM, and long Base64.
SECRET = re.compile(
    r"-----BEGIN|^(cashier|whsec)_|^eyJ|^MI[IG]|^[A-Za-z0-9+][A-Za-z0-9+/]{30,}=*$"
)
# A longer file name has a dot or a slash.
LONGEST_WORD = 24
LONGEST_PATH = 1000
ORIGIN = re.compile(
    r"https?://([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])(:.*)?/?"
)
IPV4 = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")


class ShopSettingTexts(BaseSettings):
    """Removes accidental characters around each text; an empty one is not given."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _as_meant(cls, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401
        if not isinstance(value, str) or info.field_name is None:
            return value
        if _is_path(cls.model_fields[info.field_name].annotation):
            _check_no_secret(value)
        if meant := as_meant(value):
            return meant
        field = cls.model_fields[info.field_name]
        if field.is_required():
            raise ValueError("is given, and empty")
        return field.get_default(call_default_factory=True)


def as_meant(text: str) -> str:
    """Return the text without line feeds, blanks and quotation marks around it.

    Raises:
        ValueError: It contains an invisible character, or a single quotation mark.
    """
    meant = text.strip(AROUND)
    if len(meant) > 1 and meant[0] == meant[-1] and meant[0] in QUOTES:
        meant = meant[1:-1].strip(AROUND)
    if meant.startswith(QUOTES) or meant.endswith(QUOTES):
        raise ValueError("begins or ends with a quotation mark that has no other")
    if not meant.isprintable():
        raise ValueError("holds a character that is not visible")
    return meant


def text_of(file: Path) -> str:
    """Return the text of a file.

    Raises:
        ValueError: Names the file, and shows none of its content.
    """
    try:
        if not file.is_file():
            raise ValueError(f"there is no file {_shown(file)}")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"the file {_shown(file)} is not text") from None
    except OSError as error:
        raise ValueError(
            f"the file {_shown(file)} cannot be read: {error.strerror}"
        ) from None


def _is_path(annotation: object) -> bool:
    """Whether a setting names a file, also if it is optional."""
    kinds = (annotation, *get_args(annotation))
    return any(getattr(kind, "__origin__", kind) is Path for kind in kinds)


def _check_no_secret(text: str) -> None:
    bare = text.strip(AROUND + "".join(QUOTES))
    is_name = len(bare) <= LONGEST_WORD or "/" in bare or "." in bare
    if not os.path.exists(bare) and (
        SECRET.search(bare) or not is_name or len(bare) > LONGEST_PATH
    ):
        raise ValueError(
            f"has {len(bare)} characters and looks like a key, where the name of a "
            "file is wanted"
        )


def _shown(path: Path) -> str:
    """Return a path for a message: itself, or its length if it may be a secret."""
    name = str(path)
    is_path = ("/" in name or "." in name) and not SECRET.search(name)
    return repr(name) if is_path else f"of the given name ({len(name)} characters)"


def _file_with_text(path: Path) -> Path:
    if not text_of(path).strip():
        raise ValueError(f"the file {_shown(path)} is empty")
    return path


def _database(path: Path) -> Path:
    try:
        is_folder, has_folder = path.is_dir(), path.parent.is_dir()
    except OSError as error:
        raise ValueError(f"{_shown(path)} cannot be read: {error.strerror}") from None
    if is_folder or not has_folder:
        raise ValueError(f"{_shown(path)} must be a file in a folder that is there")
    return path


def _origin(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https:// and name a host")
    parts = urlsplit(value)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must end after host and port: the shop's paths are its own")
    found = ORIGIN.fullmatch(value)
    if not found:
        raise ValueError(
            "must begin with http:// or https:// and name a host, without blanks, "
            "backslashes, names and passwords"
        )
    last_label = found[1].rpartition(".")[2]
    if re.match("[0-9]", last_label) and not re.fullmatch(IPV4, found[1]):
        raise ValueError("an address must be written in full, such as 127.0.0.1")
    port = (found[3] or ":1").strip(":/")
    if not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise ValueError("the port must be a number from 1 to 65535")
    return value.rstrip("/").lower()


def _host(value: str) -> str:
    if not HOST.fullmatch(value):
        raise ValueError("must be an IP address or a host name, without a port")
    return value


def _number(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch("-?[0-9]{1,18}", value):
        raise ValueError("must be a whole number in digits: an integer")
    return value


def _form(text: str) -> WithJsonSchema:
    """Describe the format of a type of settings."""
    return WithJsonSchema({"type": "string", "format": text})


Origin = Annotated[
    str,
    AfterValidator(_origin),
    _form("`http://` or `https://` and a host; no path, no query"),
]
Host = Annotated[
    str, AfterValidator(_host), _form("IP address or host name, without a port")
]
TextFile = Annotated[
    Path, AfterValidator(_file_with_text), _form("path of a text file")
]
Database = Annotated[
    Path,
    AfterValidator(_database),
    _form("path of a file; its folder must exist, the file is made where it is not"),
]
Whole = Annotated[int, BeforeValidator(_number)]
Port = Annotated[Whole, Field(ge=1, le=65535)]
