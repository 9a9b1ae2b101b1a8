"""`python -m deploy.image`, or `make image-test`: builds the image and tests it.

It is built from the Dockerfile as users build it, by Docker or Podman if one works, and
otherwise by Buildah. Then, as the user that the image names:

1. its files are checked: the paths that the user can write to, that all modules can be
   imported, that no other files were copied;
2. a demo payment is taken, by our processes and Temporal's development server, on a
   read-only file system.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console

from deploy.image.base_image import NoMirrorError
from deploy.image.engines import Engine, NoEngineError, engine
from deploy.image.expectations import (
    REVISION_LABEL,
    VERSION_LABEL,
    copied,
    problems_inside,
    problems_of_labels,
)
from deploy.image.programs import CHECKOUT, output_of


def main(
    with_engine: Annotated[
        str | None,
        typer.Option(
            "--engine", help="docker, podman or buildah; else the first that works"
        ),
    ] = None,
) -> None:
    """Build the image and take a demo payment in it.

    Exit code: 0 no problems; 1 problems; 2 no engine here can build it.
    """
    console, began = Console(), monotonic()
    try:
        with engine(with_engine) as found:
            problems = try_image(found, console)
    except (NoEngineError, NoMirrorError) as error:
        console.print(f"The image cannot be built: {error}", soft_wrap=True)
        sys.exit(2)
    except subprocess.CalledProcessError as error:
        problems = [f"`{error.cmd[0]}` failed with {error.returncode}"]
    for problem in problems:
        console.print(f"[red]{problem}[/]", soft_wrap=True, highlight=False)
    console.print(f"Done in {monotonic() - began:.0f} s: {len(problems)} problems")
    sys.exit(1 if problems else 0)


def try_image(image: Engine, console: Console) -> list[str]:
    """Build the image, check its files and take a payment; return the problems.

    Raises:
        NoMirrorError: There is no mirror for the base image.
        subprocess.CalledProcessError: It cannot be built or checked.
    """
    began = monotonic()
    wanted = {VERSION_LABEL: version(), REVISION_LABEL: revision()}
    console.print(f"Building the image with {image.name}", highlight=False)
    image.build(
        *("--build-arg", f"VERSION={wanted[VERSION_LABEL]}"),
        *("--build-arg", f"REVISION={wanted[REVISION_LABEL]}"),
    )
    console.print(f"Built in {monotonic() - began:.0f} s")
    found = json.loads(image.look_inside(Path(__file__).with_name("inside.py")))
    console.print(f"User {found['user']} can write to: {', '.join(found['writable'])}")
    problems = problems_of_labels(image.labels(), wanted)
    problems += problems_inside(found, copied(CHECKOUT / ".dockerignore"))
    try:
        image.take_demo_payment()
    except subprocess.CalledProcessError as error:
        # Earlier problems often explain it.
        problems.append(f"the demo payment failed with {error.returncode}")
    return problems


def version() -> str:
    """Return the version of the checkout."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def revision() -> str:
    """Return the commit of the checkout."""
    return output_of("git", "-C", str(CHECKOUT), "rev-parse", "HEAD")


if __name__ == "__main__":
    typer.run(main)
