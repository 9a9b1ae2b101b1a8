"""A bundle is verified whole: each history, and all of an order's together."""

import hashlib
import json
import shutil
from collections.abc import Generator
from datetime import UTC, datetime
from multiprocessing import active_children
from pathlib import Path

import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.errors import KeyFormatError
from alipay.keys.rsa import one_line_public_key
from audit.bundle.describing import describe, parse_history
from audit.bundle.manifest import Selection
from audit.bundle.reading import Bundle
from audit.bundle.writing import UnfinishedBundle
from audit.findings import Rule
from audit.rules.keys import VerifierKeys
from audit.verify.bundles import Verdicts, verify_bundles
from audit.verify.verdicts import HistoryVerdict
from tests.audit.histories import (
    CODEC,
    OF_ONE_TIME,
    Forged,
    change,
    keys_of,
    setting,
    text_of,
)

MADE_AT = datetime(2026, 11, 25, tzinfo=UTC)


def write(folder: Path, texts: list[str]) -> Bundle:
    """Write a bundle of histories, unsigned."""
    with UnfinishedBundle.opened(folder) as unfinished:
        selection = unfinished.agree_on(Selection(from_files=True))
        for text in texts:
            content = text.encode()
            sha256 = hashlib.sha256(content).hexdigest()
            history = parse_history(text, "a history")
            unfinished.add(describe(history, CODEC, sha256=sha256), content)
        unfinished.finish(selection, key=None, previous=None, made_at=MADE_AT)
    return Bundle.open(folder)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundles") / "bundle"
    return write(folder, [text_of(name) for name in OF_ONE_TIME])


def verified(
    bundle: Bundle, keys: VerifierKeys | None = None, *, processes: int = 1
) -> tuple[list[HistoryVerdict], Verdicts]:
    verdicts = verify_bundles(
        [bundle], keys or keys_of(), processes=processes, tell=lambda *_: None
    )
    return list(verdicts), verdicts


def test_a_bundle_of_proven_payments_is_proven(bundle: Bundle) -> None:
    told: list[tuple[int, int]] = []
    verdicts = verify_bundles(
        [bundle], keys_of(), processes=1, tell=lambda *done: told.append(done)
    )
    all_of_them = list(verdicts)
    assert verdicts.bundle_findings == []
    assert all(verdict.is_proven for verdict in all_of_them)
    assert [v.entry for v in all_of_them] == list(bundle.entries())
    assert told == [(done, len(OF_ONE_TIME)) for done in range(1, len(OF_ONE_TIME) + 1)]


def test_two_processes_say_the_same_in_the_same_order(bundle: Bundle) -> None:
    alone, _ = verified(bundle)
    together, _ = verified(bundle, processes=2)
    assert together == alone


async def test_an_event_loop_may_verify(bundle: Bundle) -> None:
    assert len(verified(bundle)[0]) == len(OF_ONE_TIME)


@pytest.fixture
def copied(bundle: Bundle, tmp_path: Path) -> Path:
    shutil.copytree(bundle.folder, tmp_path / "copied")
    return tmp_path / "copied"


def file_of(folder: Path, order_id: str) -> Path:
    [entry] = [e for e in Bundle.open(folder).entries() if e.order_id == order_id]
    return folder / entry.file


def findings_by_order(verdicts: list[HistoryVerdict]) -> dict[str, set[Rule]]:
    return {
        verdict.entry.order_id: {finding.rule for finding in verdict.findings}
        for verdict in verdicts
        if verdict.findings
    }


def test_one_changed_history_leaves_the_others_proven(copied: Path) -> None:
    forged = Forged("proven-paid")
    change(forged.notification, setting("amount.value", 131_300))
    file_of(copied, "recorded-proven-paid").write_text(forged.text)
    verdicts, of_bundle = verified(Bundle.open(copied))
    assert [finding.rule for finding in of_bundle.bundle_findings] == [
        Rule.FILE_CHANGED
    ]
    assert of_bundle.bundle_findings[0].order_id == "recorded-proven-paid"
    wrong = findings_by_order(verdicts)
    assert wrong.keys() == {"recorded-proven-paid"}
    assert Rule.EVIDENCE_DIFFERS in wrong["recorded-proven-paid"]


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"{}", b"[" * 100_000])
def test_a_file_that_cannot_be_read_is_one_finding(
    copied: Path, content: bytes | None
) -> None:
    file = file_of(copied, "recorded-proven-declined")
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    verdicts, of_bundle = verified(Bundle.open(copied))
    assert findings_by_order(verdicts) == {
        "recorded-proven-declined": {Rule.UNREADABLE}
    }
    [found] = of_bundle.bundle_findings
    assert found.rule in (Rule.FILE_MISSING, Rule.FILE_CHANGED)


@pytest.mark.parametrize(
    ("said", "instead"),
    [('"PAID"', '"EXPIRED"'), ("131400", "1314"), ('"COMPLETED"', '"TERMINATED"')],
)
def test_an_index_that_says_otherwise_is_found(
    tmp_path: Path, said: str, instead: str
) -> None:
    bundle = write(tmp_path / "bundle", [text_of("proven-paid")])
    index = bundle.folder / "index.jsonl"
    before = index.read_text()
    index.write_text(before.replace(said, instead))
    assert index.read_text() != before
    verdicts, _ = verified(bundle)
    assert findings_by_order(verdicts) == {"recorded-proven-paid": {Rule.INDEX_DIFFERS}}


def test_a_second_paid_attempt_in_another_history_is_found(tmp_path: Path) -> None:
    again = Forged("proven-notification-lost")
    # Said to be the same order, paid once more.
    started = again.events[0].workflow_execution_started_event_attributes
    change(again.start, setting("order_id", "recorded-proven-paid"))
    assert started.workflow_type.name == "CashierPayment"
    bundle = write(tmp_path / "bundle", [text_of("proven-paid"), again.text])
    _, of_bundle = verified(bundle)
    twice = [f for f in of_bundle.bundle_findings if f.rule is Rule.PAID_TWICE]
    assert [finding.order_id for finding in twice] == ["recorded-proven-paid"]


def test_a_wrong_key_is_named_before_anything_is_verified(
    bundle: Bundle, tmp_path: Path
) -> None:
    keys = keys_of(alipay_keys_dir=tmp_path / "nowhere")
    with pytest.raises(KeyFormatError, match="alipay_keys_dir"):
        verified(bundle, keys)


def test_with_another_key_of_alipay_no_payment_is_proven(
    bundle: Bundle, tmp_path: Path, alipay_key: RSAPrivateKey
) -> None:
    (tmp_path / "1.pem").write_text(one_line_public_key(alipay_key.public_key()))
    verdicts, _ = verified(bundle, keys_of(alipay_keys_dir=tmp_path))
    wrong = findings_by_order(verdicts)
    assert wrong.keys() == {verdict.entry.order_id for verdict in verdicts}
    assert all(Rule.ALIPAY_SIGNATURE in found for found in wrong.values())


def test_whoever_stops_early_leaves_no_process_behind(bundle: Bundle) -> None:
    verdicts = iter(
        verify_bundles([bundle], keys_of(), processes=2, tell=lambda *_: None)
    )
    assert next(verdicts).is_proven
    processes = [psutil.Process(process.pid) for process in active_children()]
    assert isinstance(verdicts, Generator)
    verdicts.close()
    # By process id: the pool's own thread waits for its processes too, and only one of
    # two who wait is told of an end.
    _, left = psutil.wait_procs(processes, timeout=20)
    assert processes
    assert not left


def test_an_order_whose_histories_lie_in_two_bundles_is_judged_as_a_whole(
    tmp_path: Path,
) -> None:
    older = write(tmp_path / "older", [text_of("proven-paid")])
    newer = write(tmp_path / "newer", [text_of("proven-declined")])
    verdicts = verify_bundles(
        [newer, older], keys_of(), processes=1, tell=lambda *_: None
    )
    found = {verdict.entry.order_id for verdict in verdicts}
    assert found == {"recorded-proven-paid", "recorded-proven-declined"}
    assert verdicts.bundle_findings == []


def test_a_history_in_two_bundles_counts_once(tmp_path: Path) -> None:
    one = write(tmp_path / "one", [text_of("proven-paid"), text_of("proven-declined")])
    other = write(tmp_path / "other", [text_of("proven-paid")])
    verdicts = verify_bundles(
        [one, other], keys_of(), processes=1, tell=lambda *_: None
    )
    assert len(list(verdicts)) == 2
    assert verdicts.bundle_findings == []


def test_a_history_whose_fields_stand_in_another_order_counts_once(
    tmp_path: Path,
) -> None:
    text = text_of("proven-paid")
    again = json.dumps(json.loads(text), sort_keys=True)
    one, other = write(tmp_path / "one", [text]), write(tmp_path / "other", [again])
    digests = {entry.sha256 for bundle in (one, other) for entry in bundle.entries()}
    assert len(digests) == 2
    verdicts = verify_bundles(
        [one, other], keys_of(), processes=1, tell=lambda *_: None
    )
    assert len(list(verdicts)) == 1
    assert verdicts.bundle_findings == []


def test_two_histories_of_one_run_are_a_finding(tmp_path: Path) -> None:
    one = write(tmp_path / "one", [text_of("proven-paid")])
    forged = Forged("proven-paid")
    change(forged.notification, setting("amount.value", 131_300))
    other = write(tmp_path / "other", [forged.text])
    verdicts = verify_bundles(
        [one, other], keys_of(), processes=1, tell=lambda *_: None
    )
    assert len(list(verdicts)) == 2
    [found] = verdicts.bundle_findings
    assert (found.rule, found.order_id) == (Rule.FILE_CHANGED, "recorded-proven-paid")
