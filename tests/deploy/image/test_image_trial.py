"""`make image-test`: what it refuses, and how it runs where Docker works."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from deploy.image.expectations import (
    REVISION_LABEL,
    USER,
    VERSION_LABEL,
    WRITABLE,
    copied,
    outside,
    problems_inside,
    problems_of_labels,
)
from deploy.image.programs import CHECKOUT, output_of

CODE = copied(CHECKOUT / ".dockerignore")
SOUND: dict[str, Any] = {
    "user": USER,
    "capabilities": "0000000000000000",
    "writable": [*WRITABLE],
    "lends_rights": [],
    "code": sorted(CODE),
    "broken_modules": {},
}


# ---- what the image must be like ----


def test_an_image_as_it_must_be_has_no_problem() -> None:
    assert problems_inside(SOUND, CODE) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"user": 0}, "the user is 0, not 1000"),
        (
            {"capabilities": "00000000800405fb"},
            "the user has the capabilities 00000000800405fb",
        ),
        ({"writable": [*WRITABLE, "/app"]}, "the user can write to /app"),
        (
            {"writable": [*WRITABLE, "/tmp/a", "/tmpfile"]},
            "the user can write to /tmpfile",
        ),
        ({"writable": ["/tmp"]}, "the user cannot write to /var/lib/cashier"),
        ({"lends_rights": ["/bin/su"]}, "/bin/su runs with the rights of its owner"),
        ({"code": [*CODE, "tests"]}, "tests is there"),
        ({"code": [*(CODE - {"codec"})]}, "codec is missing"),
        ({"broken_modules": {"api.app": "E: x"}}, "api.app cannot be imported: E: x"),
    ],
)
def test_each_fault_of_an_image_is_named(change: dict[str, Any], problem: str) -> None:
    assert problems_inside({**SOUND, **change}, CODE) == [problem]


def test_a_label_that_is_missing_or_old_is_named() -> None:
    wanted = {VERSION_LABEL: "1.2.0", REVISION_LABEL: "abc"}
    assert problems_of_labels(wanted, wanted) == []
    assert problems_of_labels({VERSION_LABEL: "1.1.0"}, wanted) == [
        f"the label {VERSION_LABEL} is '1.1.0', not '1.2.0'",
        f"the label {REVISION_LABEL} is None, not 'abc'",
    ]


def test_only_what_lies_in_a_folder_counts_as_in_it() -> None:
    assert outside(["/tmp", "/tmp/x", "/tmpx", "/"], ["/tmp"]) == ["/tmpx", "/"]


# ---- where Docker works, and where nothing does ----

# Plays Docker: says that it works, and keeps each of its command lines.
DOCKER = """\
#!/bin/sh
echo "$@" >> {folder}/calls
case "$*" in
    info) exit {info} ;;
    "image inspect"*) cat {folder}/labels ;;
    *--entrypoint*) cat > {folder}/script; cat {folder}/found ;;
    *demo) exit {demo} ;;
esac
"""


def play_docker(folder: Path, *, info: int = 0, demo: int = 0, **found: Any) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    commit = output_of("git", "-C", str(CHECKOUT), "rev-parse", "HEAD")
    labels = {VERSION_LABEL: project["version"], REVISION_LABEL: commit}
    (folder / "labels").write_text(json.dumps(labels))
    (folder / "found").write_text(json.dumps({**SOUND, **found}))
    docker = folder / "docker"
    docker.write_text(DOCKER.format(folder=folder, info=info, demo=demo))
    docker.chmod(0o755)


def try_image(path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.image"],
        cwd=CHECKOUT,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_docker_builds_looks_inside_and_takes_the_payment_where_it_works(
    tmp_path: Path,
) -> None:
    play_docker(tmp_path)
    tried = try_image(f"{tmp_path}:{os.environ['PATH']}")
    assert (tried.returncode, tried.stderr) == (0, "")
    _, build, look, labels, demo = (tmp_path / "calls").read_text().splitlines()
    assert build.startswith("build --build-arg VERSION=")
    assert build.endswith("--tag durable-cashier:image-test .")
    assert look == (
        "run --rm --interactive --entrypoint python durable-cashier:image-test -"
    )
    assert labels.startswith("image inspect")
    for option in ("--read-only", "--tmpfs /tmp", "--cap-drop ALL", "no-new-priv"):
        assert option in demo
    assert demo.endswith("durable-cashier:image-test demo")
    inside = CHECKOUT / "deploy" / "image" / "inside.py"
    assert (tmp_path / "script").read_text() == inside.read_text()


def test_a_fault_of_the_image_fails_the_command(tmp_path: Path) -> None:
    play_docker(tmp_path, user=0)
    tried = try_image(f"{tmp_path}:{os.environ['PATH']}")
    assert tried.returncode == 1
    assert "the user is 0, not 1000" in tried.stdout


def test_a_payment_that_is_not_taken_fails_the_command_and_hides_no_other_fault(
    tmp_path: Path,
) -> None:
    play_docker(tmp_path, demo=70, code=[*(CODE - {"codec"})])
    tried = try_image(f"{tmp_path}:{os.environ['PATH']}")
    assert tried.returncode == 1
    assert "codec is missing" in tried.stdout
    assert "the demo payment failed with 70" in tried.stdout


def test_where_nothing_can_build_it_the_command_says_what_is_missing(
    tmp_path: Path,
) -> None:
    # Its program is there, and its daemon is not.
    play_docker(tmp_path, info=1)
    tried = try_image(str(tmp_path))
    assert tried.returncode == 2
    assert "buildah and debootstrap not found" in tried.stdout
