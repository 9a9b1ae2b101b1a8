"""A bundle says of itself whether anything was removed, added or changed."""

import json
import shutil
import subprocess
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from audit.bundle.errors import BundleError
from audit.bundle.export import digest_of_bundle
from audit.bundle.manifest import INDEX, MANIFEST, SIGNATURE
from audit.bundle.reading import Bundle
from audit.bundle.writing import write_bundle
from audit.findings import Rule
from tests.audit.conftest import NAMES, HandedOver, contents
from tests.histories.record import HISTORIES

MADE_AT = datetime(2026, 11, 24, tzinfo=UTC)


def replace_in(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_an_untouched_bundle_has_no_problems(untouched: HandedOver) -> None:
    assert untouched.problems() == []


def test_the_index_tells_order_outcome_money_and_times(untouched: HandedOver) -> None:
    entry = untouched.entry("recorded-encrypted-paid")
    assert entry.workflow_id == "payment:recorded-encrypted-paid"
    assert (entry.outcome, entry.status) == ("PAID", "COMPLETED")
    assert (entry.currency, entry.amount_minor) == ("PHP", 131400)
    assert entry.closed_at is not None
    assert entry.started_at < entry.closed_at
    assert entry.run_id in entry.file


def test_histories_stay_byte_for_byte_as_they_were(untouched: HandedOver) -> None:
    original = (HISTORIES / "encrypted-paid.json").read_text()
    entry = untouched.entry("recorded-encrypted-paid")
    assert Bundle.open(untouched.folder).read(entry) == original


def test_without_keys_the_index_tells_what_the_list_shows(tmp_path: Path) -> None:
    write_bundle(tmp_path / "b", contents("encrypted-paid", "encrypted-late-refunded"))
    told = {
        entry.order_id: (entry.outcome, entry.currency, entry.amount_minor)
        for entry in Bundle.open(tmp_path / "b").entries()
    }
    assert told == {
        "recorded-encrypted-paid": ("PAID", "PHP", 131400),
        "recorded-encrypted-late-refunded": (None, "IDR", 131400),
    }


def test_the_manifest_is_plain_json(untouched: HandedOver) -> None:
    manifest = json.loads((untouched.folder / MANIFEST).read_text())
    assert len(manifest["files"]) == len(NAMES) + 1
    assert manifest["histories"] == len(NAMES)


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl")
def test_another_program_verifies_the_signature(
    untouched: HandedOver, tmp_path: Path
) -> None:
    public = tmp_path / "public.pem"
    public.write_bytes(
        untouched.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public)]
    command += ["-rawin", "-in", MANIFEST, "-sigfile", SIGNATURE]
    said = subprocess.run(
        command, cwd=untouched.folder, capture_output=True, check=False
    )
    assert said.returncode == 0, said.stderr


# ---- files ----


def test_a_history_that_was_taken_out_is_named(handed_over: HandedOver) -> None:
    handed_over.path().unlink()
    [found] = handed_over.problems()
    assert found.rule is Rule.FILE_MISSING
    assert found.order_id == "recorded-proven-paid"


def test_a_changed_byte_is_named(handed_over: HandedOver) -> None:
    replace_in(handed_over.path(), "1", "2")
    [found] = handed_over.problems()
    assert found.rule is Rule.FILE_CHANGED
    assert found.order_id == "recorded-proven-paid"
    assert "SHA-256" in found.in_words()


def test_a_longer_history_is_named(handed_over: HandedOver) -> None:
    handed_over.path().write_bytes(handed_over.path().read_bytes() + b" ")
    [found] = handed_over.problems()
    assert found.rule is Rule.FILE_CHANGED
    assert "bytes" in found.seen


@pytest.mark.parametrize(
    "name", ["histories/more.json", "notes.txt", ".hidden", "histories/deep/er.json"]
)
def test_a_file_too_many_is_named(handed_over: HandedOver, name: str) -> None:
    file = handed_over.folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("{}")
    [found] = handed_over.problems()
    assert found.rule is Rule.FILE_ADDED
    assert name in found.seen


def test_one_file_for_another_is_two_findings(handed_over: HandedOver) -> None:
    path = handed_over.path()
    path.rename(path.with_name("another.json"))
    assert handed_over.rules() == {Rule.FILE_MISSING, Rule.FILE_ADDED}


def test_a_link_is_no_history(handed_over: HandedOver, tmp_path: Path) -> None:
    path, elsewhere = handed_over.path(), tmp_path / "elsewhere.json"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert handed_over.rules() == {Rule.FILE_MISSING}
    with pytest.raises(BundleError, match="regular file"):
        Bundle.open(handed_over.folder).read(handed_over.entry())


def test_a_linked_folder_is_not_followed(
    handed_over: HandedOver, tmp_path: Path
) -> None:
    (handed_over.folder / "histories").rename(tmp_path / "elsewhere")
    (handed_over.folder / "histories").symlink_to(tmp_path / "elsewhere")
    found = handed_over.problems()
    missing = [one for one in found if one.rule is Rule.FILE_MISSING]
    assert len(missing) == len(NAMES)


# ---- the index ----


def test_an_index_that_says_otherwise_is_found(handed_over: HandedOver) -> None:
    replace_in(handed_over.folder / INDEX, '"PAID"', '"DIED"')
    assert handed_over.rules() == {Rule.FILE_CHANGED}


def test_a_history_that_the_index_hides_is_found(handed_over: HandedOver) -> None:
    index = handed_over.folder / INDEX
    lines = index.read_text().splitlines(keepends=True)
    index.write_text("".join(lines[1:]))
    found = handed_over.problems()
    assert {one.rule for one in found} == {Rule.FILE_CHANGED, Rule.INDEX_DIFFERS}
    assert any("no entry" in one.seen for one in found)


def test_bad_lines_of_an_index_do_not_hide_the_others(handed_over: HandedOver) -> None:
    index = handed_over.folder / INDEX
    index.write_text("no json\n[]\n" + index.read_text())
    assert len(list(Bundle.open(handed_over.folder).entries())) == len(NAMES)
    assert sum(one.rule is Rule.INDEX_DIFFERS for one in handed_over.problems()) == 2


@pytest.mark.parametrize(
    "name",
    [
        "../../secret.json",
        "/etc/secret.json",
        "histories/../../secret.json",
        "histories/..json",
        "histories/a/b.json",
        "histories/a.txt",
        "histories/a.json\\n",
    ],
)
def test_no_name_leads_out_of_the_folder(handed_over: HandedOver, name: str) -> None:
    entry = handed_over.entry()
    for file in (INDEX, MANIFEST):
        replace_in(handed_over.folder / file, entry.file, name)
    assert name not in {e.file for e in Bundle.open(handed_over.folder).entries()}
    assert Rule.MANIFEST in handed_over.rules()


def test_an_index_without_end_is_read_in_pieces(handed_over: HandedOver) -> None:
    (handed_over.folder / INDEX).write_bytes(b"x" * 1_000_000)
    assert list(Bundle.open(handed_over.folder).entries()) == []


# ---- the manifest ----


def test_a_history_that_was_forgotten_everywhere_breaks_the_signature(
    handed_over: HandedOver,
) -> None:
    entry = handed_over.entry()
    (handed_over.folder / entry.file).unlink()
    for name in (INDEX, MANIFEST):
        file = handed_over.folder / name
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if entry.file not in line))
    assert Rule.SIGNATURE_OF_BUNDLE in handed_over.rules()


def test_another_key_does_not_pass(handed_over: HandedOver) -> None:
    manifest = (handed_over.folder / MANIFEST).read_bytes()
    other = Ed25519PrivateKey.generate()
    (handed_over.folder / SIGNATURE).write_bytes(other.sign(manifest))
    assert handed_over.rules() == {Rule.SIGNATURE_OF_BUNDLE}


def test_a_bundle_that_another_has_made_names_its_key(
    handed_over: HandedOver, tmp_path: Path
) -> None:
    other = Ed25519PrivateKey.generate()
    write_bundle(tmp_path / "other", contents("paid"), key=other)
    found = HandedOver(tmp_path / "other", handed_over.key).problems()
    assert [one.rule for one in found] == [Rule.SIGNATURE_OF_BUNDLE]
    assert Bundle.open(tmp_path / "other").manifest.key_id in found[0].seen.split()


@pytest.mark.parametrize("signature", [None, b"", b"x" * 63, b"x" * 64])
def test_a_missing_or_malformed_signature_is_found(
    handed_over: HandedOver, signature: bytes | None
) -> None:
    file = handed_over.folder / SIGNATURE
    file.unlink() if signature is None else file.write_bytes(signature)
    assert handed_over.rules() == {Rule.SIGNATURE_OF_BUNDLE}


def test_without_a_key_a_bundle_only_agrees_with_itself(
    handed_over: HandedOver,
) -> None:
    (handed_over.folder / SIGNATURE).unlink()
    assert list(Bundle.open(handed_over.folder).problems(None)) == []


def test_a_folder_without_a_manifest_is_no_bundle(handed_over: HandedOver) -> None:
    (handed_over.folder / MANIFEST).unlink()
    with pytest.raises(BundleError, match=MANIFEST):
        Bundle.open(handed_over.folder)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("bundle/1", "bundle/2", "format"),
        ('"histories": 4', '"histories": -4', "histories"),
        ('"previous": null', '"previous": "x"', "previous"),
        ("T", "?", "made_at"),
        ("{", "[", "JSON"),
        ('"files"', '"flies"', "files"),
    ],
)
def test_a_manifest_of_another_form_is_refused_by_name(
    handed_over: HandedOver, old: str, new: str, rule: str
) -> None:
    replace_in(handed_over.folder / MANIFEST, old, new)
    with pytest.raises(BundleError, match=rule):
        Bundle.open(handed_over.folder)


def test_a_file_that_a_manifest_names_twice_is_found(handed_over: HandedOver) -> None:
    manifest = handed_over.folder / MANIFEST
    lines = manifest.read_text().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if line.startswith('"histories/'))
    manifest.write_text("".join([*lines[:at], lines[at], *lines[at:]]))
    assert {Rule.MANIFEST, Rule.SIGNATURE_OF_BUNDLE} <= handed_over.rules()


def test_words_after_a_manifest_are_found(handed_over: HandedOver) -> None:
    manifest = handed_over.folder / MANIFEST
    manifest.write_text(manifest.read_text() + "{}")
    assert Rule.MANIFEST in handed_over.rules()


# ---- the chain ----


@pytest.fixture
def archive(handed_over: HandedOver) -> list[HandedOver]:
    """Three days, each chained to the one before."""
    days: list[HandedOver] = []
    for number, name in enumerate(("paid", "cancelled", "refused")):
        folder = handed_over.folder.parent / "days" / f"2026-11-{number + 21}"
        write_bundle(
            folder,
            contents(name),
            key=handed_over.key,
            previous=digest_of_bundle(days[-1].folder) if days else None,
            made_at=MADE_AT + timedelta(days=number),
        )
        days.append(HandedOver(folder, handed_over.key))
    return days


def test_a_whole_chain_has_no_problems(archive: list[HandedOver]) -> None:
    assert [day.problems() for day in archive] == [[], [], []]
    assert archive[2].problems(archive[1].folder) == []


def test_a_day_that_was_taken_out_is_found(archive: list[HandedOver]) -> None:
    shutil.rmtree(archive[1].folder)
    assert archive[2].rules() == {Rule.CHAIN}


def test_a_day_that_was_made_anew_is_found(archive: list[HandedOver]) -> None:
    before, changed, after = archive
    shutil.rmtree(changed.folder)
    write_bundle(
        changed.folder,
        contents("reviewed"),
        key=changed.key,
        previous=digest_of_bundle(before.folder),
        made_at=MADE_AT + timedelta(days=1),
    )
    assert changed.problems() == []
    assert after.rules() == {Rule.CHAIN}


def test_another_bundle_than_the_one_before_is_found(
    archive: list[HandedOver], tmp_path: Path
) -> None:
    for wrong in (archive[0].folder, tmp_path):
        assert [one.rule for one in archive[2].problems(wrong)] == [Rule.CHAIN]


def test_one_bundle_can_be_verified_alone(
    archive: list[HandedOver], tmp_path: Path
) -> None:
    alone = tmp_path / "alone" / "one"
    shutil.copytree(archive[2].folder, alone)
    assert HandedOver(alone, archive[2].key).problems() == []


# ---- writing ----


def test_what_is_no_history_is_refused_by_its_name(tmp_path: Path) -> None:
    files = [("mine.json", b'{"events": []}')]
    with pytest.raises(BundleError, match=r"mine\.json"):
        write_bundle(tmp_path / "b", files)
    with pytest.raises(BundleError):
        Bundle.open(tmp_path / "b")


def test_a_finished_bundle_is_never_changed(handed_over: HandedOver) -> None:
    with pytest.raises(BundleError, match="finished"):
        write_bundle(handed_over.folder, contents("paid"))
    assert handed_over.problems() == []


def test_a_bundle_that_lacked_only_its_last_step_is_finished_later(
    handed_over: HandedOver,
) -> None:
    (handed_over.folder / MANIFEST).rename(handed_over.folder / f".{MANIFEST}")
    with pytest.raises(BundleError, match="finished"):
        write_bundle(handed_over.folder, contents("paid"))
    assert handed_over.problems() == []


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(BundleError, match="not empty"):
        write_bundle(tmp_path, contents("paid"))
    assert [file.name for file in tmp_path.iterdir()] == ["notes"]


def test_one_run_that_was_downloaded_twice_is_written_once(tmp_path: Path) -> None:
    [(name, content)] = contents("paid")
    again = json.dumps(json.loads(content), sort_keys=True).encode()
    assert again != content
    manifest = write_bundle(tmp_path / "b", [(name, content), ("again", again)])
    bundle = Bundle.open(tmp_path / "b")
    [entry] = bundle.entries()
    assert manifest.histories == 1
    assert bundle.read_bytes(entry.file) == content
    assert list(bundle.problems(None)) == [], "the manifest is of what was written"


def test_two_versions_of_one_run_are_refused(tmp_path: Path) -> None:
    [(name, content)] = contents("paid")
    other = content.replace(b"2026-11-24T03:09:05", b"2026-11-24T03:09:04", 1)
    assert other != content
    files = [(name, content), ("another", other)]
    with pytest.raises(BundleError, match="two different histories"):
        write_bundle(tmp_path / "b", files)


def test_a_bundle_that_is_written_twice_at_once_is_refused(tmp_path: Path) -> None:
    def meanwhile() -> Iterator[tuple[str, bytes]]:
        yield from contents("paid")
        with pytest.raises(BundleError, match="another process"):
            write_bundle(tmp_path / "b", contents("refused"))

    assert write_bundle(tmp_path / "b", meanwhile()).histories == 1


def test_checking_takes_no_more_memory_for_more_histories(tmp_path: Path) -> None:
    [(_, content)] = contents("refused")
    run = json.loads(content)["events"][0]["workflowExecutionStartedEventAttributes"][
        "originalExecutionRunId"
    ].encode()

    def copies(count: int) -> Iterator[tuple[str, bytes]]:
        for number in range(count):
            yield "copy", content.replace(run, b"%012d" % number)

    def peak(bundle: Bundle) -> int:
        tracemalloc.start()
        assert list(bundle.problems(None)) == []
        assert list(islice(bundle.entries(), 10_000, None)) == []
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few, many = tmp_path / "few" / "bundle", tmp_path / "many" / "bundle"
    write_bundle(few, copies(100))
    write_bundle(many, copies(1000))
    # Each twice: Python's own tables grow now and then, and only once.
    peaks = [min(peak(Bundle.open(folder)) for _ in range(2)) for folder in (few, many)]
    assert peaks[1] < 1.1 * peaks[0]
