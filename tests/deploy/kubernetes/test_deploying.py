"""docs/deploying.md, word for word as far as a machine without a cluster allows."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from cashier.commands import app
from cashier.system.environment import bare_environment
from tests.deploy.kubernetes.checks.every import faults_of
from tests.deploy.kubernetes.checks.given import environment_of
from tests.deploy.kubernetes.checks.kinds import faults_of_kinds
from tests.deploy.kubernetes.rendering import (
    KUBERNETES,
    ROOT,
    copied,
    kubectl,
    manifests_of,
    name_of,
    of_kind,
    rendered_in,
    workloads,
)

PAGE = (ROOT / "docs" / "deploying.md").read_text()
CASHIER = ".venv/bin/cashier"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def commands() -> Iterator[list[str]]:
    """Yield the words of each command, without settings before and pipes behind."""
    for block in blocks("sh"):
        begun = ""
        for line in block.splitlines(keepends=True):
            begun += line
            try:
                words = shlex.split(begun)
            except ValueError:
                continue  # a quotation goes on
            begun = ""
            while re.match("[A-Z_]+=", words[0]) and len(words) > 1:
                del words[0]
            ends = [words.index(mark) for mark in "|>" if mark in words]
            yield words[: min(ends, default=len(words))]


def words_of(*begin: str) -> Iterator[list[str]]:
    """Yield the words of each command that begins so."""
    yield from (words for words in commands() if words[: len(begin)] == [*begin])


def in_the_namespace(*begin: str) -> Iterator[list[str]]:
    yield from words_of("kubectl", "--namespace", "cashier", *begin)


def make_keys(folder: Path) -> None:
    """Do what the page says, and what a person does by hand."""
    making = (
        ["keys"],
        ["payload-keys", "new"],
        ["audit", "keys"],
        ["operators", "add"],
    )
    for words in words_of(CASHIER):
        if any(words[1 : 1 + len(one)] == one for one in making):
            command = [sys.executable, "-m", "cashier", *words[1:]]
            environment = bare_environment(folder)
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, check=False
            )
            assert done.returncode == 0, (words, done.stderr)
    (folder / "secrets" / "alipay").mkdir()
    (folder / "secrets" / "alipay" / "1.pem").write_text("of Alipay")
    (folder / "secrets" / "temporal.toml").write_text(blocks("toml")[0])


def test_its_commands_make_all_secrets_that_the_processes_read(tmp_path: Path) -> None:
    make_keys(tmp_path)
    made: dict[str, set[str]] = {}
    for words in in_the_namespace("create", "secret", "generic"):
        if "--dry-run=client" not in words:
            words = [*words, "--dry-run=client", "--output", "json"]
            done = subprocess.run(
                [kubectl(), *words[1:]],
                cwd=tmp_path,
                env={"KUBECONFIG": "/dev/null"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            secret = json.loads(done.stdout)
            made[secret["metadata"]["name"]] = {*secret["data"]}
    manifests, wanted = manifests_of("small", "temporal-credentials"), set()
    for workload in workloads(manifests):
        mounts = {m["name"]: m["mountPath"] for m in workload.container["volumeMounts"]}
        given = environment_of(workload, manifests).values()
        for volume in workload.pod["volumes"]:
            if "secret" not in volume:
                continue
            name, folder = volume["secret"]["secretName"], mounts[volume["name"]]
            wanted.add(name)
            files = {v.rpartition("/")[2] for v in given if v.startswith(f"{folder}/")}
            assert files <= made[name], name
            # A folder that is named as a whole must hold something.
            assert files or made[name], name
    assert wanted == made.keys()


def test_each_of_its_commands_of_ours_exists() -> None:
    named = [words[1:] for words in words_of(CASHIER)]
    named += [
        words[words.index("cashier", 3) + 1 :]
        for words in in_the_namespace("exec")
        if "cashier" in words[4:]
    ]
    assert len(named) > 8
    for words in named:
        found: Any = get_command(app)
        for word in words:
            if not (below := getattr(found, "commands", None)):
                break
            assert word in below, words
            found = below[word]
        options = {option for one in found.params for option in one.opts}
        given = {word for word in words if word.startswith("--")}
        assert given <= options, words


def test_everything_that_it_names_on_the_cluster_is_there() -> None:
    manifests = manifests_of("small")
    there = {f"{one['kind'].lower()}/{name_of(one)}" for one in manifests}
    named = [
        word
        for words in in_the_namespace()
        for word in words
        if word.startswith(("deployment/", "service/"))
    ]
    assert named
    assert {*named} <= there
    for words in in_the_namespace("port-forward"):
        service = words[4].partition("/")[2]
        [found] = (o for o in of_kind(manifests, "Service") if name_of(o) == service)
        port = int(words[5].partition(":")[2])
        assert port in {one["port"] for one in found["spec"]["ports"]}
    containers = {one.name: one.container["name"] for one in workloads(manifests)}
    [upgrade] = in_the_namespace("set", "image")
    assert upgrade[6].partition("=")[0] == containers[upgrade[5].partition("/")[2]]


def test_the_labels_that_let_callers_in_are_those_of_the_policies() -> None:
    asked = {
        tuple(selector["namespaceSelector"]["matchLabels"].items())
        for one in of_kind(manifests_of("small"), "NetworkPolicy")
        for rule in one["spec"].get("ingress", ())
        for selector in rule["from"]
    }
    told = {
        (tuple(words[4].split("=")),)
        for words in words_of("kubectl", "label", "namespace")
    }
    assert told == asked


def test_its_files_settings_and_components_exist() -> None:
    small = KUBERNETES / "overlays" / "small"
    for name in re.findall(r"`(?:settings/)?(\w+\.env)`", PAGE):
        assert (small / "settings" / name).exists()
    for name in re.findall(r"\.\./\.\./components/[\w-]+", PAGE):
        assert (small / name).is_dir()
    for path in words_of("cp", "-r"):
        assert (ROOT / path[2]).is_dir()
    [applied] = words_of("kubectl", "apply", "--filename")
    assert (ROOT / applied[3]).is_file()


def filled_in(mine: Path, overlay: str) -> None:
    """Copy an overlay, and add all that the page says to add."""
    file = copied(overlay, mine)
    wanted = yaml.safe_load(file.read_text())
    there = wanted["components"][0].rpartition("/components/")[0]
    for lines in blocks("yaml"):
        added = yaml.safe_load(lines)
        if isinstance(added, dict):
            (mine / "more-ways.yaml").write_text(lines)
            wanted["resources"].append("more-ways.yaml")
        elif isinstance(added[0], str):
            wanted["components"] += [one.replace("../..", there) for one in added]
        else:
            wanted.setdefault("patches", []).extend(added)
    wanted["images"][0]["newTag"] = "2"
    file.write_text(yaml.safe_dump(wanted))


@pytest.mark.parametrize("overlay", ["small", "production"])
async def test_an_overlay_with_all_that_it_adds_is_sound(
    overlay: str, tmp_path: Path, files: Mapping[str, Path]
) -> None:
    filled_in(tmp_path / "mine", overlay)
    manifests = rendered_in(tmp_path / "mine")
    assert await faults_of(manifests, files) == []
    names = {name_of(one) for one in manifests}
    assert {"cashier-more-ways", "cashier"} <= names
    assert {one["kind"] for one in manifests} >= {"PodMonitor", "PrometheusRule"}
    [account] = of_kind(manifests, "ServiceAccount")
    assert account["imagePullSecrets"] == [{"name": "registry"}]
    for workload in workloads(manifests):
        assert workload.container["image"] == "registry.example/durable-cashier:2"


def test_its_network_policy_is_one() -> None:
    parsed = [yaml.safe_load(block) for block in blocks("yaml")]
    policies = [one for one in parsed if isinstance(one, dict)]
    assert [one["kind"] for one in policies] == ["NetworkPolicy"]
    assert faults_of_kinds(policies) == []


@pytest.mark.parametrize("overlay", ["small", "production"])
def test_what_is_to_be_filled_in_can_be_found(overlay: str) -> None:
    folder = KUBERNETES / "overlays" / overlay
    given = "".join(file.read_text() for file in folder.glob("settings/*.env"))
    told = PAGE[: PAGE.index("## 5.")]
    for line in given.splitlines():
        name, _, value = line.partition("=")
        if ".example" in value or "YOUR" in value:
            assert name in told or "codec.env" in told, name
    # And the image.
    assert (
        "newName: registry.example/durable-cashier"
        in (folder / "kustomization.yaml").read_text()
    )
