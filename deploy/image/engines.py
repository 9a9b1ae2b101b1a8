"""The engines that build and run the image: Docker, Podman or Buildah."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from deploy.image.buildah import Buildah
from deploy.image.programs import output_of, run

# Not the name in docker-compose.yml: a test must not replace a running image.
IMAGE = "durable-cashier:image-test"


class NoEngineError(Exception):
    """Nothing on this machine can build the image."""


class Engine(Protocol):
    """Builds the image, and runs programs in it as the user that it names."""

    name: str

    def build(self, *options: str) -> None:
        """Build the image from the checkout.

        Args:
            options: Options such as `--build-arg VERSION=1.0.0`.
        """

    def labels(self) -> dict[str, str]:
        """Return the labels of the built image."""

    def look_inside(self, script: Path) -> str:
        """Run a Python script in the image, and return its output."""

    def take_demo_payment(self) -> None:
        """Run the command `demo` by the image's entry point.

        Raises:
            subprocess.CalledProcessError: The payment was not taken.
        """


class DockerOrPodman:
    """An engine with Docker's commands; Podman has them too."""

    def __init__(self, program: str) -> None:
        self.name = program

    def build(self, *options: str) -> None:
        run(self.name, "build", *options, "--tag", IMAGE, ".")

    def labels(self) -> dict[str, str]:
        form = "{{json .Config.Labels}}"
        shown = output_of(self.name, "image", "inspect", "--format", form, IMAGE)
        return json.loads(shown) or {}

    def look_inside(self, script: Path) -> str:
        # Without --read-only, which would hide what the files' permissions allow.
        python = ("run", "--rm", "--interactive", "--entrypoint", "python")
        return output_of(self.name, *python, IMAGE, "-", stdin=script)

    def take_demo_payment(self) -> None:
        # As in docker-compose.yml: only /tmp is writable.
        hardened = (
            *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
            *("--security-opt", "no-new-privileges:true"),
        )
        run(self.name, "run", "--rm", *hardened, IMAGE, "demo")


@contextmanager
def engine(named: str | None = None) -> Iterator[Engine]:
    """Yield an engine; Buildah's files are removed when the block ends.

    Args:
        named: `docker`, `podman` or `buildah`; None for the first that works.

    Raises:
        NoEngineError: None works.
    """
    for program in ("docker", "podman"):
        if named == program or (named is None and works(program)):
            yield DockerOrPodman(program)
            return
    missing = [name for name in ("buildah", "debootstrap") if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        raise NoEngineError(
            "neither docker nor podman works here; without them the image is built as "
            "root, with the Debian packages buildah and debootstrap: "
            + (f"{' and '.join(missing)} not found" if missing else "this is not root")
        )
    # /tmp may be in memory, and this needs some gigabytes for two minutes.
    with TemporaryDirectory(prefix="cashier-image-", dir="/var/tmp") as folder:
        yield Buildah(Path(folder))


def works(program: str) -> bool:
    """Whether an engine answers: the program may be there without its daemon."""
    if shutil.which(program) is None:
        return False
    try:
        asked = subprocess.run(
            [program, "info"], capture_output=True, timeout=30, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0
