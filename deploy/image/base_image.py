"""A stand-in for the base image, made where no image registry can be reached.

It is the same Debian with Debian's own Python. So it shows that the Dockerfile works,
and who may write to its files; it does not show the base image's exact Python.
"""

import ast
import re
import shutil
import ssl
import sys
from pathlib import Path

from deploy.image.programs import output_of, run

# python:3.11.14-slim-bookworm
RELEASE = re.compile(r".*-slim-([a-z]+)")
# Debian's Python is called python3, and refuses to install packages for all.
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
PACKAGES = "python3,python3-pip,ca-certificates"
# What belongs to this machine, and does not exist in the image.
LOCAL_OPTIONS = {"cert", "client-cert", "cache-dir", "find-links", "log", "target"}


class NoMirrorError(Exception):
    """apt on this machine has no mirror of the base image's Debian."""


def make_base_image(buildah: tuple[str, ...], name: str) -> None:
    """Make Debian with Python, and keep it under the base image's name.

    Args:
        buildah: The program with the options that say where it keeps images.
        name: The whole name of the base image, as the Dockerfile's FROM means it.

    Raises:
        NoMirrorError: apt knows no mirror for it.
    """
    release = release_of(name)
    mirror = mirror_of(release, output_of("apt-cache", "policy", "coreutils"))
    container = output_of(*buildah, "from", "scratch")
    root = Path(output_of(*buildah, "mount", container))
    options = ("--variant=minbase", f"--include={PACKAGES}")
    # A folder of its own, because it leaves a log in the one where it works.
    run(
        *("debootstrap", *options, release, str(root), mirror),
        cwd=root.parent,
        # What is thrown away need not be on the disk for certain: that takes minutes.
        environment={"DPKG_FORCE": "unsafe-io"},
        quiet=True,
    )
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()
    shutil.rmtree(root / "var/cache/apt/archives")
    run(*buildah, "config", "--env", f"PATH={PATH}", container)
    run(*buildah, "commit", "--rm", container, name, quiet=True)


def release_of(name: str) -> str:
    """Return the Debian release that the base image's name says, as `bookworm`.

    Raises:
        NoMirrorError: It says none.
    """
    if found := RELEASE.fullmatch(name):
        return found[1]
    raise NoMirrorError(f"{name} does not say which Debian it is, as in -slim-bookworm")


def mirror_of(release: str, policy: str) -> str:
    """Return the mirror from which apt takes packages of a Debian release.

    Args:
        release: As `bookworm`.
        policy: What `apt-cache policy` says of a package of Debian itself.

    Raises:
        NoMirrorError: It names none, as on a machine with another release.
    """
    found = re.search(rf"^ +-?\d+ (\S+://\S+) {release}/main ", policy, re.MULTILINE)
    if found is None:
        raise NoMirrorError(f"apt on this machine has no mirror of Debian {release}")
    return found[1]


def pip_configuration() -> str:
    """Return a pip.conf with which pip in the build reaches what it reaches here."""
    return as_pip_conf(output_of(sys.executable, "-m", "pip", "config", "list"))


def as_pip_conf(listed: str) -> str:
    """Return as a pip.conf what `pip config list` prints.

    Variables of the environment win over files, as they do for pip. Paths of this
    machine are left out.
    """
    values: dict[str, dict[str, str]] = {"global": {}}
    # `:env:` is printed first.
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, written = line.partition("=")
        section, _, option = name.rpartition(".")
        option = option.replace("_", "-")
        if option not in LOCAL_OPTIONS:
            section = section.replace(":env:", "global")
            value = str(ast.literal_eval(written)).replace("\n", "\n    ")
            values.setdefault(section, {})[option] = value
    return "".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in of.items())
        for section, of in values.items()
    )


def trusted_roots() -> str:
    """Return the file of the certificates that this machine trusts.

    A company's registry may have one that Debian does not know.
    """
    return ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
