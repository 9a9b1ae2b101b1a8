"""What a setting must look like: a URL, an address, a file with text in it."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def _file_with_text(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}")
    if not path.read_text().strip():
        raise ValueError(f"the file {str(path)!r} is empty")
    return path


# This machine, and the services of docker-compose.yml.
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1", "simulator", "api", "storefront")


def _is_url(value: str) -> str:
    parts = urlsplit(value)
    local = parts.hostname in LOCAL_HOSTS
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be a URL with a host and without query and fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise ValueError("must begin with https:// (http:// only for local tests)")
    return value


def _is_address(value: str) -> str:
    host, _, port = value.rpartition(":")
    is_port = port.isdecimal() and 0 < int(port) < 65536
    if value and not (host and is_port):
        raise ValueError("must be host:port, e.g. 127.0.0.1:9464, or empty for off")
    return value


Url = Annotated[str, AfterValidator(_is_url)]
Address = Annotated[str, AfterValidator(_is_address)]
TextFile = Annotated[Path, AfterValidator(_file_with_text)]
