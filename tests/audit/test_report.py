import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.bundle.manifest import MANIFEST, Selection, digest_of
from audit.bundle.reading import Bundle
from audit.bundle.signing_keys import key_id
from audit.bundle.writing import UnfinishedBundle
from audit.findings import Finding, Rule
from audit.report import plot as plotting
from audit.report.plot import plot_payments
from audit.report.summary import MOST_LISTED, write_report
from audit.story.timeline import StoryStep
from audit.verify.subject import subject_of
from audit.verify.verdicts import HistoryVerdict
from tests.audit.histories import keys_of
from tests.audit.telling import (
    BEGAN,
    a_finding,
    a_story,
    a_verdict,
    an_entry,
    many,
)
from version import VERSION

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(2)>\u202eDIAP\x1b[31m"


class Page(HTMLParser):
    """Collects the elements, attributes and visible words of a page."""

    VOID = ("meta", "line", "rect", "br", "img", "input")

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.open: list[str] = []
        self.words = ""
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.anchors |= {value or "" for name, value in attrs if name == "id"}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += f"{data} "


def report(folder: Path, *verdicts: HistoryVerdict) -> Page:
    file = folder / "report.html"
    write_report(file, verdicts, (), made_at=BEGAN)
    return Page(file)


def test_a_proven_payment_is_told_step_by_step(tmp_path: Path) -> None:
    page = report(tmp_path, a_verdict("coffee-1"))
    words = " ".join(page.words.split())
    assert "All payments are proven: 1 history, no finding." in words
    assert "coffee-1 PAID, PHP 1,314.00, GCASH" in words
    assert (
        "2026-11-24 09:48:00 Alipay says that it is paid PHP 1,314.00 came "
        "signed by Alipay, key 1 14" in words
    )
    assert not page.open


def test_the_head_of_a_report_tells_the_version_that_has_verified(
    tmp_path: Path,
) -> None:
    words = " ".join(report(tmp_path, a_verdict("coffee-1")).words.split())
    head, *_ = words.partition("All payments are proven")
    assert f"by version {VERSION} of the durable cashier" in head


def test_the_head_of_a_report_names_bundles_and_keys(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    folder = tmp_path / "2026-11-24"
    with UnfinishedBundle.opened(folder) as unfinished:
        selection = Selection(since=BEGAN, query="Wallet = 'GCASH'")
        unfinished.agree_on(selection)
        unfinished.finish(selection, key=key, previous="a" * 64, made_at=BEGAN)
    keys = keys_of()
    subject = subject_of([Bundle.open(folder)], keys)
    file = tmp_path / "report.html"
    note = "2026-11-24 is not the first of its chain"
    write_report(file, [], (), made_at=BEGAN, subject=subject, bundle_notes=[note])
    head, *_ = Page(file).words.partition("Outcomes")
    assert "2026-11-24" in head
    assert "closed from 2026-11-24 09:48:00 to when it was made" in head
    assert "only what the query \"Wallet = 'GCASH'\" finds" in head
    assert digest_of(folder / MANIFEST) in head
    assert "a" * 64 in head
    assert key_id(key.public_key()) in head
    assert "not verified: no key was given" in head
    assert keys.merchant is not None
    for digest in (
        *keys.alipay.fingerprints.values(),
        *keys.merchant.fingerprints.values(),
    ):
        assert digest in head
    assert note in head


def test_a_finding_stands_in_the_summary_and_with_its_payment(tmp_path: Path) -> None:
    bad = replace(a_verdict("tea-1"), findings=[a_finding("tea-1")])
    page = report(tmp_path, a_verdict("coffee-1"), bad)
    words = " ".join(page.words.split())
    assert (
        "Not all payments are proven: 1 finding. 1 of 2 histories are proven." in words
    )
    expected = "a signed word of Alipay that PHP 1,314.00 is paid"
    seen = "a notification whose signature does not verify"
    assert f"tea-1 14 PAID_WITHOUT_PROOF {expected} {seen}" in words
    assert f"PAID_WITHOUT_PROOF 14 {expected} {seen}" in words
    (link,) = [one for one in page.links if one.startswith("#")]
    assert link.removeprefix("#") in page.anchors


def test_what_is_wrong_with_the_bundle_spoils_what_it_is_about(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    changed = a_finding("tea-1", rule=Rule.FILE_CHANGED, event_id=0)
    chain = a_finding("", rule=Rule.CHAIN, event_id=0)
    verdicts = [a_verdict("coffee-1"), a_verdict("tea-1")]
    write_report(file, verdicts, [changed, chain], made_at=BEGAN)
    words = " ".join(Page(file).words.split())
    assert (
        "Not all payments are proven: 2 findings. 1 of 2 histories are proven." in words
    )
    assert "not proven: the file was changed" in words
    assert "the bundle whole CHAIN" in words


def test_a_history_that_cannot_be_read_is_told_by_its_findings(tmp_path: Path) -> None:
    finding = a_finding("tea-1", rule=Rule.UNREADABLE, event_id=0)
    entry = an_entry("tea-1")
    verdict = HistoryVerdict(entry, [finding], a_story(entry))
    words = report(tmp_path, verdict).words
    assert "UNREADABLE" in words
    assert "there are no steps to show" in words


def test_the_history_is_believed_and_not_the_index(tmp_path: Path) -> None:
    verdict = a_verdict("coffee-1")
    entry = an_entry("coffee-1", outcome="CANCELLED", amount_minor=1)
    words = " ".join(report(tmp_path, replace(verdict, entry=entry)).words.split())
    assert "coffee-1 PAID, PHP 1,314.00" in words
    assert "CANCELLED" not in words


def test_what_only_all_histories_together_show_is_told(tmp_path: Path) -> None:
    found: list[Finding] = []

    def verdicts() -> Iterator[HistoryVerdict]:
        yield a_verdict("coffee-1")
        yield a_verdict("tea-1")
        found.append(a_finding("tea-1", rule=Rule.PAID_TWICE))

    file = tmp_path / "report.html"
    write_report(file, verdicts(), found, made_at=BEGAN)
    page = Page(file)
    words = " ".join(page.words.split())
    assert (
        "Not all payments are proven: 1 finding. 1 of 2 histories are proven." in words
    )
    assert "tea-1 14 PAID_TWICE" in words
    assert "PHP 2 PHP 2,628.00 PHP 1,314.00" in words  # paid, and of it proven
    assert "#h2" in page.links


def test_notes_stand_with_the_payment(tmp_path: Path) -> None:
    verdict = replace(a_verdict("coffee-1"), notes=["began before evidence was kept"])
    page = report(tmp_path, verdict)
    assert "began before evidence was kept" in page.words
    assert "All payments are proven" in page.words


def test_no_text_of_others_becomes_markup_or_hides_itself(tmp_path: Path) -> None:
    names = (
        "workflow_id",
        "run_id",
        "order_id",
        "outcome",
        "currency",
        "workflow_type",
    )
    entry = an_entry("x").model_copy(update=dict.fromkeys(names, HOSTILE))
    step = StoryStep(BEGAN, 1, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    story = a_story(entry, step, wallet=HOSTILE)
    finding = Finding(
        Rule.REPLAY,
        workflow_id=HOSTILE,
        order_id=HOSTILE,
        expected=HOSTILE,
        seen=HOSTILE,
    )
    file = tmp_path / "report.html"
    verdicts = [
        HistoryVerdict(entry, [finding], story, notes=[HOSTILE]),
        HistoryVerdict(entry, [], story),
    ]
    # In the summary, and in pages of their own.
    for per_page in (2, 1):
        files = write_report(
            file, verdicts, [finding], made_at=BEGAN, histories_per_page=per_page
        )
        assert len(files) == (1 if per_page == 2 else 4)
        for one in files:
            page = Page(one)
            assert not page.elements & {"script", "img"}
            assert not {name for name in page.attributes if name.startswith("on")}
            assert not page.open
            text = one.read_text("utf-8")
            assert not re.search(r"[\u202e\x1b]", text)
            assert "\\u202eDIAP\\u001b[31m" in text


def test_a_report_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    report(tmp_path, a_verdict("coffee-1"))
    text = (tmp_path / "report.html").read_text()
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert not re.search(r'(?:src|href)="(?!#)[^"]*"', text)
    assert "@import" not in text
    assert "url(" not in text


def test_many_payments_stand_in_pages_that_lead_to_each_other(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    verdicts = [*many(25)]
    verdicts[13].findings.append(a_finding("order-00013"))
    files = write_report(file, verdicts, (), made_at=BEGAN, histories_per_page=10)
    assert [one.name for one in files] == [
        "report.html", "0001.html", "0002.html", "0003.html", "orders.html",
    ]  # fmt: skip
    pages = {one: Page(one) for one in files}
    for one, page in pages.items():
        for link in page.links:
            path, _, anchor = link.partition("#")
            target = (one.parent / path).resolve() if path else one
            assert not anchor or anchor in pages[target].anchors
    assert "report.pages/0002.html#h4" in pages[file].links
    assert len([one for one in pages[files[-1]].links if "#" in one]) == 25
    # A shorter report leaves no page of the longer one behind.
    assert write_report(file, verdicts[:3], (), made_at=BEGAN) == [file]
    assert not list((tmp_path / "report.pages").iterdir())


def test_what_cannot_be_finished_leaves_the_old_report(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    write_report(file, [a_verdict("coffee-1")], (), made_at=BEGAN)
    before = file.read_bytes()

    def breaks() -> Iterator[HistoryVerdict]:
        yield a_verdict("tea-1")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        write_report(file, breaks(), (), made_at=BEGAN)
    assert file.read_bytes() == before


def test_the_summarys_list_ends_and_says_how_much_is_left(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    findings = [a_finding(f"order-{one}") for one in range(MOST_LISTED + 5)]
    write_report(file, [], findings, made_at=BEGAN)
    words = " ".join(Page(file).words.split())
    assert "Not all payments are proven: 1,005 findings." in words
    assert "... and 5 more" in words


def test_memory_does_not_grow_with_the_payments(tmp_path: Path) -> None:
    def peak(number: int) -> int:
        tracemalloc.start()
        try:
            write_report(
                tmp_path / f"{number}.html",
                many(number),
                (),
                made_at=BEGAN,
                histories_per_page=50,
            )
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)  # compiles the templates
    # Four times the payments; their text alone is 3 MB more.
    assert peak(1600) < peak(400) + 300_000


def test_the_plot_counts_each_day_and_outcome() -> None:
    plot = plot_payments(
        {
            (date(2026, 11, 23), "PAID"): 6,
            (date(2026, 11, 23), "EXPIRED"): 2,
            (date(2026, 11, 24), "PAID"): 1,
        }
    )
    assert plot.rows == (("2026-11-23", (6, 2)), ("2026-11-24", (1, 0)))
    assert [bar.tells for bar in plot.bars] == [
        "2026-11-23: 6 PAID",
        "2026-11-23: 2 EXPIRED",
        "2026-11-24: 1 PAID",
    ]
    six, two, one = plot.bars
    assert six.height == pytest.approx(6 * one.height, abs=0.05)
    assert two.y + two.height == pytest.approx(six.y, abs=0.05)
    assert six.y + six.height == plotting.HEIGHT - plotting.BOTTOM
    assert [mark.text for mark in plot.scale] == ["0", "2", "4", "6", "8"]


def test_many_days_are_plotted_by_month() -> None:
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(100)]
    plot = plot_payments({(day, "PAID"): 1 for day in days})
    assert plot.by == "month"
    assert plot.rows[0] == ("2026-01", (31,))
    assert len(plot.rows) == 4


@pytest.mark.parametrize("number", [1, 3, 4, 5, 9, 99, 81, 1234])
def test_no_bar_leaves_the_plot(number: int) -> None:
    plot = plot_payments({(date(2026, 11, 24), "PAID"): number})
    (bar,) = plot.bars
    assert bar.y >= plotting.TOP
    assert bar.x >= plotting.LEFT
    assert bar.x + bar.width <= plotting.WIDTH - plotting.RIGHT
