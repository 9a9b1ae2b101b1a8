"""Each stuck kind in the Temporal UI: found, explained, decoded, and acted upon."""

import json
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from cashier.demos.stuck_makers import CUSTOMER_EMAIL
from cashier.stuck.queries import RUNBOOK, saved_views
from cashier.stuck.report import Wanted, report_stuck
from cashier.system.processes import System
from contracts import PaymentOutcome, PaymentView, RefundStatus, RefundsView
from tests.browser.stuck_pages import STUCK_PAGES
from tests.browser.temporal_ui import TemporalUi
from visibility.stuck import KINDS_OF_REFUNDS, Kind

# The first test waits until all are stuck.
pytestmark = pytest.mark.timeout(150)


def query_of(kind: Kind) -> str:
    [view] = [one for one in saved_views() if one.name == kind]
    return view.query


async def test_cashier_stuck_lists_exactly_one_of_each_kind(
    stuck: System, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    with report.open("w") as file:
        code = await report_stuck(
            await stuck.client(),
            Console(file=file),
            Wanted(as_json=True),
            ui_url=stuck.ports.ui_url,
        )
    rows = json.loads(report.read_text())
    # This shop does not listen, so it has not been sent word of the review either.
    review = "callbacks:stuck-review"
    listed = {
        row["kind"]: row["workflow_id"] for row in rows if row["workflow_id"] != review
    }
    assert code == 1
    assert len(rows) == len(STUCK_PAGES) + 1
    assert listed == {kind: page.workflow_id for kind, page in STUCK_PAGES.items()}
    why = {row["kind"]: row["why"] for row in rows}
    assert "PHP 1,315.00 instead of PHP 1,314.00" in why[Kind.REVIEW]
    assert "could not be reached: ConnectError" in why[Kind.CALLBACK]
    assert "UNKNOWN_EXCEPTION" in why[Kind.NO_VERDICT]
    assert "Alipay's public key of version 7" in why[Kind.TASK_FAILURE]
    assert "cashier-of-another-release" in why[Kind.NO_WORKER]
    assert "which nina has asked for" in why[Kind.SECOND_PERSON]
    assert "balance at Alipay is too low for return-1" in why[Kind.BALANCE]
    assert "RISK_REJECT" in why[Kind.REFUSED]
    todo = {row["kind"]: row["todo"] for row in rows}
    assert "CASHIER_ALIPAY_KEYS_DIR" in todo[Kind.TASK_FAILURE]


@pytest.mark.parametrize("kind", STUCK_PAGES)
async def test_each_kind_is_found_by_its_filter_alone(
    operator: TemporalUi, kind: Kind
) -> None:
    await operator.filter(query_of(kind))
    await operator.reads(STUCK_PAGES[kind].workflow_id)
    shown = await operator.text()
    others = {page.workflow_id for page in STUCK_PAGES.values()}
    others.remove(STUCK_PAGES[kind].workflow_id)
    assert not [one for one in others if one in shown]


@pytest.mark.parametrize("kind", STUCK_PAGES)
async def test_its_page_says_why_it_is_stuck_and_what_it_waits_for(
    operator: TemporalUi, kind: Kind
) -> None:
    await operator.open_stuck(STUCK_PAGES[kind])
    await operator.reads(*STUCK_PAGES[kind].says)


@pytest.mark.parametrize("kind", STUCK_PAGES)
async def test_without_a_login_its_page_shows_no_clear_text(
    stranger: TemporalUi, kind: Kind
) -> None:
    page = STUCK_PAGES[kind]
    await stranger.open_stuck(page)
    # It has asked, and was told nothing.
    await stranger.reads("Codec Server could not connect", "History Size")
    shown = await stranger.text()
    # What Temporal itself says of it is no secret of ours.
    ours = [
        text
        for text in page.says
        if "workers polling" not in text and "unhandled failure" not in text
    ]
    assert not [text for text in (*ours, CUSTOMER_EMAIL, "GCash") if text in shown]


@pytest.mark.parametrize("kind", STUCK_PAGES)
async def test_each_kind_has_its_chapter_in_the_runbook(
    operator: TemporalUi, stuck: System, kind: Kind
) -> None:
    url = f"{stuck.ports.codec_url}/runbook#{RUNBOOK[kind]}"
    await operator.page.goto(url)
    chapter = operator.page.locator(f"#{RUNBOOK[kind]}")
    assert await chapter.count() == 1
    assert await chapter.evaluate("it => it.tagName") == "H2"


async def test_no_secret_and_nothing_of_the_customer_lies_in_the_database_or_the_logs(
    stuck: System,
) -> None:
    home = stuck.home
    secrets = {
        "the customer": CUSTOMER_EMAIL,
        "the API key": home.api_key.read_text().strip(),
        "the password": home.operator_password.read_text().strip(),
        "the merchant's key": home.merchant_key.read_text().splitlines()[5],
        "the callbacks' secret": (home.folder / "keys" / "callback-secrets")
        .read_text()
        .strip(),
        "a payload key": next(home.payload_keys.glob("*.key")).read_text().strip(),
    }
    async with httpx.AsyncClient() as http:
        payments = await http.get(f"{stuck.ports.simulator_url}/control/payments")
    for payment in payments.json():
        # As the simulator names the customer at the wallet.
        secrets[f"the payer of {payment['payment_request_id']}"] = (
            f"2102{payment['payment_id'][-12:]}"
        )
    kept = [*home.folder.glob("temporal.sqlite*"), *home.logs.iterdir()]
    assert sum(file.stat().st_size for file in kept) > 100_000
    for file in kept:
        content = file.read_bytes()
        found = [name for name, secret in secrets.items() if secret.encode() in content]
        assert not found, file.name


async def test_the_link_of_what_is_stuck_opens_the_page_that_explains_it(
    operator: TemporalUi, stuck: System, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    with report.open("w") as file:
        await report_stuck(
            await stuck.client(),
            Console(file=file),
            Wanted(as_json=True),
            ui_url=stuck.ports.ui_url,
        )
    rows = {row["workflow_id"]: row for row in json.loads(report.read_text())}
    for kind in (
        *(Kind.REVIEW, Kind.NO_VERDICT, Kind.CALLBACK, Kind.TASK_FAILURE),
        *KINDS_OF_REFUNDS,
    ):
        page = STUCK_PAGES[kind]
        await operator.page.goto(rows[page.workflow_id]["link"])
        if page.unfolded:
            await operator.unfold(page.unfolded)
        await operator.reads(page.says[0])


async def test_the_reason_and_an_example_to_copy_stand_on_the_page(
    operator: TemporalUi,
) -> None:
    page = STUCK_PAGES[Kind.REVIEW]
    await operator.open_stuck(page)
    example = '{"outcome": "CANCELLED", "reason": "", "by": ""}'
    await operator.reads("Needs attention:", "You may:", example)
    shown = await operator.text()
    assert shown.index("Needs attention:") < shown.index("You may:")
    assert shown.index("You may:") < shown.index("Attempt ")
    assert "be paid until" not in shown


async def test_why_an_update_is_refused_is_read_in_the_ui(
    operator: TemporalUi,
) -> None:
    await operator.open(STUCK_PAGES[Kind.REVIEW].workflow_id)
    said = {"outcome": "CANCELLED", "reason": "", "by": "anna"}
    await operator.update("resolve", said, refused="reason: must say why")
    await operator.open(STUCK_PAGES[Kind.REVIEW].workflow_id)
    wish = {"reason": "sold out", "by": "anna"}
    why = "it cannot be cancelled while a person must decide"
    await operator.update("cancel", wish, refused=why)


async def test_an_operator_settles_a_review_with_the_buttons_of_the_ui(
    operator: TemporalUi, stuck: System
) -> None:
    page = STUCK_PAGES[Kind.REVIEW]
    client = await stuck.client()
    handle = client.get_workflow_handle(page.workflow_id, result_type=PaymentView)
    for person in ("anna", "berta"):
        await operator.open(page.workflow_id)
        await operator.update(
            "resolve",
            {"outcome": "CANCELLED", "reason": "refunded in the portal", "by": person},
        )
    result = await handle.result()
    assert result.outcome is PaymentOutcome.CANCELLED
    assert result.resolved is not None
    assert (result.resolved.by, result.resolved.confirmed_by) == ("anna", "berta")


async def test_a_second_person_confirms_a_refund_with_the_buttons_of_the_ui(
    operator: TemporalUi, stuck: System
) -> None:
    page = STUCK_PAGES[Kind.SECOND_PERSON]
    said = {"refund_id": "return-1", "by": "nina", "reason": "seen the parcel"}
    await operator.open(page.workflow_id)
    await operator.update(
        "confirm", said, refused="this person has asked for the refund"
    )
    await operator.open(page.workflow_id)
    await operator.update("confirm", said | {"by": "berta"})
    await operator.open(page.workflow_id, page.tab)
    await operator.reads("return-1: PHP 1,100.00, has gone back")
    handle = (await stuck.client()).get_workflow_handle(page.workflow_id)
    view = RefundsView.model_validate(await handle.query("view"))
    [refund] = view.refunds
    assert refund.status is RefundStatus.SUCCEEDED
    assert refund.confirmed is not None
    assert (refund.confirmed.by, refund.confirmed.confirmed_by) == ("nina", "berta")
