"""Refunds in the report of a bundle: what went back, and whose word it is."""

from datetime import UTC, datetime
from pathlib import Path

from audit.bundle.reading import Bundle
from audit.bundle.writing import write_bundle
from audit.report.summary import write_report
from audit.verify.bundles import verify_bundles
from tests.audit.refunds.playing import Played

MADE_AT = datetime(2026, 12, 1, tzinfo=UTC)


def reported(played: Played, folder: Path, *names: str) -> tuple[str, list[str]]:
    """Return the report on some orders, and what is said of the bundle as a whole."""
    texts = [text[name] for name in names for text in (played.payments, played.texts)]
    histories = [(str(one), text.encode()) for one, text in enumerate(texts)]
    write_bundle(folder / "bundle", histories, codec=None)
    verdicts = verify_bundles(
        [Bundle.open(folder / "bundle")],
        played.keys,
        processes=1,
        tell=lambda *_: None,
    )
    file = folder / "report.html"
    write_report(file, verdicts, verdicts.bundle_findings, made_at=MADE_AT)
    assert verdicts.bundle_findings == []
    return file.read_text(), verdicts.bundle_notes


async def test_the_report_counts_what_went_back_by_how_it_went(
    played: Played, tmp_path: Path
) -> None:
    names = ("in-parts", "cancelled", "in-the-portal", "returned")
    text, _ = reported(played, tmp_path, *names)
    for how in (
        "refunded",
        "cancelled after payment",
        "refunded in Alipay&#39;s portal",
        "bounced, and so not with the customer",
    ):
        assert f">{how}<" in text, how


async def test_the_report_lists_refunds_that_rest_on_a_persons_word(
    played: Played, tmp_path: Path
) -> None:
    text, _ = reported(played, tmp_path, "by-a-persons-word", "in-parts")
    assert "r-1 GIVEN_BACK" in text
    assert "1 outcome rests on the decision of a person" in text


async def test_an_open_owner_of_refunds_is_no_payment_of_unknown_end(
    played: Played, tmp_path: Path
) -> None:
    _, notes = reported(played, tmp_path, "returned")
    assert any("runs without an end: 1" in note for note in notes)
    assert not any("Alipay has signed that these were paid" in note for note in notes)
