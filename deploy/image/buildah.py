"""Builds and runs the image with Buildah, if no engine works."""

import json
from pathlib import Path
from typing import Any

from deploy.image.base_image import make_base_image, pip_configuration, trusted_roots
from deploy.image.programs import CHECKOUT, output_of, run
from deploy.image.read_only import run_read_only

IMAGE = "durable-cashier"
CHROOT = ("--isolation", "chroot")


class Buildah:
    """Builds and runs as root, on a base image that is made here.

    Its chroot isolation needs neither control groups nor a network of its own, so it
    works inside a container too.
    """

    name = "buildah"

    def __init__(self, folder: Path) -> None:
        """Use a folder for all images, with some gigabytes of free space."""
        self._folder = folder
        self._container = ""
        self._buildah = (
            # With the kernel's overlays if they work, which saves copies.
            *("buildah", "--root", str(folder / "images")),
            *("--runroot", str(folder / "running")),
        )

    def build(self, *options: str) -> None:
        make_base_image(self._buildah, base_image_of(CHECKOUT / "Dockerfile"))
        # Given for the build only: neither registry nor certificates stay in the image.
        configuration = self._folder / "pip.conf"
        configuration.write_text(pip_configuration())
        mounted = (
            *("--volume", f"{configuration}:/etc/pip.conf:ro"),
            *("--volume", f"{trusted_roots()}:/etc/ssl/certs/ca-certificates.crt:ro"),
        )
        build = (*self._buildah, "build", *CHROOT, "--network", "host", "--pull-never")
        run(*build, *mounted, *options, "--tag", IMAGE, ".", quiet=True)
        self._container = output_of(*self._buildah, "from", "--pull-never", IMAGE)

    def labels(self) -> dict[str, str]:
        return dict(self._configuration().get("Labels", {}))

    def look_inside(self, script: Path) -> str:
        return output_of(*self._in_container(), "python", "-", stdin=script)

    def take_demo_payment(self) -> None:
        image = self._configuration()
        root = output_of(*self._buildah, "mount", self._container)
        try:
            run_read_only(
                Path(root),
                [*image["Entrypoint"], "demo"],
                user=image["User"],
                folder=image["WorkingDir"],
                variables=image["Env"],
            )
        finally:
            run(*self._buildah, "umount", self._container, quiet=True)

    def _in_container(self) -> tuple[str, ...]:
        # As the user that the image names.
        return (*self._buildah, "run", *CHROOT, self._container, "--")

    def _configuration(self) -> Any:  # noqa: ANN401 - JSON
        shown = output_of(*self._buildah, "inspect", "--type", "image", IMAGE)
        return json.loads(shown)["OCIv1"]["config"]


def base_image_of(dockerfile: Path) -> str:
    """Return the full name of the base image of a Dockerfile."""
    lines = dockerfile.read_text().splitlines()
    name = next(line.split()[1] for line in lines if line.startswith("FROM "))
    return f"docker.io/library/{name}"
