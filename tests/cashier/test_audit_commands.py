"""The auditor's command line: what it says, and by which exit code it ends."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from audit.bundle.manifest import MANIFEST
from audit.bundle.reading import Bundle
from cashier.commands import app
from tests.audit.histories import keys_of
from tests.histories.record import HISTORIES
from tests.histories.signed_paths import PAYLOAD_KEYS

PROVEN = ("proven-paid", "proven-cancelled", "encrypted-paid")
RECORDED = [str(HISTORIES / f"{name}.json") for name in PROVEN]
ALIPAY_KEYS = ("--alipay-keys", str(keys_of().alipay_keys_dir))
CLEAR = {"CASHIER_CLEAR_TEXT": "true", "CASHIER_PAYLOAD_KEYS_DIR": ""}
KEYS = {"CASHIER_PAYLOAD_KEYS_DIR": str(PAYLOAD_KEYS)}

Verify = Callable[..., Result]


def run(*words: str, **settings: str) -> Result:
    return CliRunner().invoke(app, ["audit", *words], env=settings or KEYS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle that somebody made of files of the Temporal UI."""
    assert run("keys", str(tmp_path / "keys")).exit_code == 0
    key = str(tmp_path / "keys" / "bundle-key.pem")
    made = run("bundle", str(tmp_path / "bundle"), *RECORDED, "--key", key)
    assert made.exit_code == 0, made.stderr
    return tmp_path / "bundle"


@pytest.fixture
def verify(folder: Path) -> Verify:
    key = str(folder.parent / "keys" / "bundle-key.pub.pem")

    def verified(*options: str, **settings: str) -> Result:
        common = (*ALIPAY_KEYS, "--processes", "1")
        return run("verify", str(folder), "--key", key, *common, *options, **settings)

    return verified


def tamper(folder: Path) -> None:
    [entry] = [
        one
        for one in Bundle.open(folder).entries()
        if one.order_id == "recorded-proven-paid"
    ]
    file = folder / entry.file
    file.write_text(file.read_text().replace("EVENT_TYPE_TIMER_STARTED", "x"))


def test_new_keys_are_its_owners_only_and_never_overwritten(tmp_path: Path) -> None:
    first, again = run("keys", str(tmp_path)), run("keys", str(tmp_path))
    private = tmp_path / "bundle-key.pem"
    assert (first.exit_code, again.exit_code) == (0, 2)
    assert private.stat().st_mode & 0o077 == 0
    assert "exists already" in again.stderr
    assert "PRIVATE" not in first.output + again.output


def test_a_proven_bundle_ends_with_0(verify: Verify) -> None:
    said = verify()
    assert said.exit_code == 0, said.output
    assert "3 histories: 2 PAID, 1 CANCELLED" in said.output
    assert "All proven." in said.output


def test_a_tampered_bundle_ends_with_1_and_names_the_order(
    folder: Path, verify: Verify
) -> None:
    tamper(folder)
    said = verify()
    assert said.exit_code == 1
    assert "NOT PROVEN" in said.output
    assert "FILE_CHANGED order recorded-proven-paid" in said.output
    assert "recorded-proven-cancelled" not in said.output


def test_programs_get_a_line_for_each_history_and_one_for_the_whole(
    folder: Path, verify: Verify
) -> None:
    tamper(folder)
    *histories, whole = map(json.loads, verify("--json").stdout.splitlines())
    proven = {one["order_id"]: one["is_proven"] for one in histories}
    assert proven == {
        "recorded-proven-paid": False,
        "recorded-proven-cancelled": True,
        "recorded-encrypted-paid": True,
    }
    assert whole["histories"] == 3
    assert [one["rule"] for one in whole["bundle_findings"]] == ["FILE_CHANGED"]


def test_the_report_is_written_where_it_is_wanted(
    tmp_path: Path, verify: Verify
) -> None:
    said = verify("--report", str(tmp_path / "report.html"))
    assert said.exit_code == 0
    assert "recorded-proven-paid" in (tmp_path / "report.html").read_text()


def test_a_report_is_not_written_into_the_bundle(folder: Path, verify: Verify) -> None:
    said = verify("--report", str(folder / "report.html"))
    assert said.exit_code == 2
    assert "--report: must lie outside of the bundle" in said.stderr
    assert not (folder / "report.html").exists()


def test_several_bundles_are_verified_together(
    folder: Path, verify: Verify, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    shutil.copytree(folder, again)
    said = verify(str(again))
    assert said.exit_code == 0, said.output
    assert "3 histories" in said.output


def test_a_bundle_without_its_manifest_ends_with_1(
    folder: Path, verify: Verify
) -> None:
    (folder / MANIFEST).unlink()
    said = verify()
    assert said.exit_code == 1
    assert "MANIFEST" in said.output


def test_without_the_key_of_who_made_it_nothing_is_verified(folder: Path) -> None:
    said = run("verify", str(folder), *ALIPAY_KEYS)
    assert said.exit_code == 2
    assert "--key" in said.stderr
    accepted = run("verify", str(folder), *ALIPAY_KEYS, "--unsigned")
    assert accepted.exit_code == 0, accepted.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--alipay-keys", "/nowhere"), "alipay_keys_dir"),
        (("--payload-keys", "/nowhere"), "/nowhere"),
        (("--merchant-keys", "/nowhere"), "merchant_keys_dir"),
        (("--key", "/nowhere"), "/nowhere"),
        (("--evidence-since", "ever"), "--evidence-since"),
    ],
)
def test_a_wrong_key_or_option_is_named(
    verify: Verify, options: tuple[str, str], told: str
) -> None:
    said = verify(*options)
    assert said.exit_code == 2
    assert told in said.stderr


def test_without_payload_keys_what_is_encrypted_is_not_proven(verify: Verify) -> None:
    said = verify(**CLEAR)
    assert said.exit_code == 1
    assert "UNREADABLE order recorded-encrypted-paid" in said.output
    assert "recorded-proven-paid" not in said.output


def test_one_history_of_the_ui_is_verified_by_itself(tmp_path: Path) -> None:
    said = run("verify", RECORDED[0], *ALIPAY_KEYS, "--processes", "1")
    assert said.exit_code == 0, said.output
    assert "1 histories: 1 PAID" in said.output
    (tmp_path / "none.json").write_text("{}")
    none = run("verify", str(tmp_path / "none.json"), *ALIPAY_KEYS)
    assert none.exit_code == 2
    assert "none.json" in none.stderr


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    said = run("verify", str(tmp_path / "nothing"), *ALIPAY_KEYS)
    assert said.exit_code == 2
    assert "there is no" in said.stderr
