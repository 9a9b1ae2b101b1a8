"""A substitute for the base image, for machines without access to an image registry.

It is the same Debian with Debian's own Python. So it tests the Dockerfile and the
permissions of the files, but not the base image's exact Python.
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
# Paths of this machine, which do not exist in the image.
LOCAL_OPTIONS = {"cert", "client-cert", "cache-dir", "find-links", "log", "target"}


class NoMirrorError(Exception):
    """apt on this machine has no mirror of the base image's Debian."""


def make_base_image(buildah: tuple[str, ...], name: str) -> None:
    """Build Debian with Python, and store it under the base image's name.

    Args:
        buildah: The program, with the options for its storage.
        name: The full name of the base image in the Dockerfile's FROM.

    Raises:
        NoMirrorError: apt has no mirror for it.
    """
    release = release_of(name)
    mirror = mirror_of(release, output_of("apt-cache", "policy", "coreutils"))
    container = output_of(*buildah, "from", "scratch")
    root = Path(output_of(*buildah, "mount", container))
    options = ("--variant=minbase", f"--include={PACKAGES}")
    # Its own folder, because it leaves a log in the working directory.
    run(
        *("debootstrap", *options, release, str(root), mirror),
        cwd=root.parent,
        # A temporary container needs no fsync, which would take minutes.
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
    """Return the Debian release in the base image's name, such as `bookworm`.

    Raises:
        NoMirrorError: The name has none.
    """
    if found := RELEASE.fullmatch(name):
        return found[1]
    raise NoMirrorError(f"{name} does not say which Debian it is, as in -slim-bookworm")


def mirror_of(release: str, policy: str) -> str:
    """Return the mirror from which apt takes packages of a Debian release.

    Args:
        release: Such as `bookworm`.
        policy: The output of `apt-cache policy` for a package of Debian.

    Raises:
        NoMirrorError: It has none, as on a machine with another release.
    """
    found = re.search(rf"^ +-?\d+ (\S+://\S+) {release}/main ", policy, re.MULTILINE)
    if found is None:
        raise NoMirrorError(f"apt on this machine has no mirror of Debian {release}")
    return found[1]


def pip_configuration() -> str:
    """Return a pip.conf that gives the build this machine's configuration of pip."""
    return as_pip_conf(output_of(sys.executable, "-m", "pip", "config", "list"))


def as_pip_conf(listed: str) -> str:
    """Convert the output of `pip config list` to a pip.conf.

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
    """Return the file of certificates that this machine trusts.

    A company's registry may have a certificate that Debian does not trust.
    """
    return ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
