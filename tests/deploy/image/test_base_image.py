"""The stand-in for the base image is made from what apt and pip use here."""

from configparser import ConfigParser

import pytest

from deploy.image.base_image import (
    NoMirrorError,
    as_pip_conf,
    mirror_of,
    release_of,
)
from deploy.image.buildah import base_image_of
from deploy.image.programs import CHECKOUT

POLICY = """\
coreutils:
  Installed: 9.1-1
  Candidate: 9.1-1
  Version table:
 *** 9.1-1 500
        500 https://mirror.example/debian-updates bookworm-updates/main amd64 Packages
        500 https://mirror.example/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
"""


def parsed(text: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


def test_the_dockerfile_says_which_debian_it_stands_on() -> None:
    name = base_image_of(CHECKOUT / "Dockerfile")
    assert name.startswith("docker.io/library/python:3.11.")
    assert release_of(name) == "bookworm"


@pytest.mark.parametrize("tag", ["3.11", "3.11-alpine", "3.11-slim"])
def test_a_base_image_without_its_debian_is_refused(tag: str) -> None:
    with pytest.raises(NoMirrorError, match=f"python:{tag} does not say"):
        release_of(f"docker.io/library/python:{tag}")


def test_debian_comes_from_the_mirror_that_apt_uses() -> None:
    assert mirror_of("bookworm", POLICY) == "https://mirror.example/debian"


def test_another_release_than_apt_has_is_refused_by_name() -> None:
    with pytest.raises(NoMirrorError, match="no mirror of Debian trixie"):
        mirror_of("trixie", POLICY)


def test_pip_reaches_in_the_build_what_it_reaches_here() -> None:
    conf = parsed(
        as_pip_conf(
            ":env:.index-url='https://env.example/simple'\n"
            ":env:.extra_index_url='https://one.example\\nhttps://two.example'\n"
            "global.index-url='https://file.example/simple'\n"
            "install.retries='7'\n"
        )
    )
    # A variable wins over a file, as for pip itself.
    assert conf["global"]["index-url"] == "https://env.example/simple"
    urls = conf["global"]["extra-index-url"].split()
    assert urls == ["https://one.example", "https://two.example"]
    assert conf["install"]["retries"] == "7"


def test_pip_gets_no_files_that_the_image_does_not_have() -> None:
    listed = "global.cert='/etc/x.crt'\n:env:.find-links='/opt/wheels'\n"
    assert dict(parsed(as_pip_conf(listed))["global"]) == {}


def test_pip_without_a_configuration_needs_none() -> None:
    assert parsed(as_pip_conf("")).sections() == ["global"]
