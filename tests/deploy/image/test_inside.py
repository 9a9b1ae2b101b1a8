"""What is found inside the image: open files, lent rights, modules that are broken."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from deploy.image.programs import CHECKOUT

# Who owns nothing; root could write to everything.
NOBODY = 65534
# Becomes nobody after its imports: Python itself may lie where nobody can read.
AS_NOBODY = f"""
import json, os, pathlib, sys
from deploy.image import inside
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({NOBODY})
    os.setuid({NOBODY})
found = inside.findings(pathlib.Path(sys.argv[1]), code=pathlib.Path.cwd())
json.dump(found, sys.stdout)
"""


@pytest.fixture
def image() -> Iterator[Path]:
    """A folder that others can enter, as pytest's own cannot be."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        (root / "app").mkdir()
        yield root


def found_in(image: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(image)],
        cwd=image / "app",
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_file_and_a_folder_that_are_open_to_all_are_found(image: Path) -> None:
    for path, mode in (("etc", 0o755), ("var", 0o1777)):
        (image / path).mkdir()
        (image / path).chmod(mode)
    for path, mode in (("etc/closed", 0o644), ("etc/open", 0o666)):
        (image / path).touch()
        (image / path).chmod(mode)
    (image / "link").symlink_to("var")
    others = {str(image / "var"), str(image / "etc" / "open")}
    # Where this is not root, its own files are writable too.
    assert others <= {*found_in(image)["writable"]}
    if os.geteuid() == 0:
        assert {*found_in(image)["writable"]} == others
    assert str(image / "link") not in found_in(image)["writable"]


def test_a_program_that_lends_its_owners_rights_is_found(image: Path) -> None:
    for name, mode in (("su", 0o4755), ("wall", 0o2755), ("ls", 0o755)):
        (image / name).touch()
        (image / name).chmod(mode)
    lent = [str(image / "su"), str(image / "wall")]
    assert sorted(found_in(image)["lends_rights"]) == lent


def test_a_module_that_cannot_be_imported_is_found_by_name(image: Path) -> None:
    for file, code in (
        ("part/__init__.py", ""),
        ("part/sound.py", "import json"),
        ("part/broken.py", "import nowhere"),
        ("part/__main__.py", "raise SystemExit('began to work')"),
        ("__pycache__/part.pyc", ""),
    ):
        (image / "app" / file).parent.mkdir(exist_ok=True)
        (image / "app" / file).write_text(code)
    found = found_in(image)
    assert found["code"] == ["part"]
    assert found["broken_modules"] == {
        "part.broken": "ModuleNotFoundError: No module named 'nowhere'"
    }


def test_its_user_and_its_lack_of_other_rights_are_reported(image: Path) -> None:
    found = found_in(image)
    assert found["user"] == (NOBODY if os.geteuid() == 0 else os.getuid())
    assert int(found["capabilities"], 16) == 0
