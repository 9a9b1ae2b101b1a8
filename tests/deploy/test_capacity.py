"""The page on capacity says what the program computes from what was measured."""

import json
import math
import re

import pytest

from api.limits import LARGEST_BODY
from deploy.capacity import assumptions
from deploy.capacity.need import Milliseconds, Need
from deploy.capacity.tables import EMBEDDED, PAGE, renewed

MS = Milliseconds(worker=15.0, server=30.0, database=12.0)


def test_the_tables_of_the_page_are_computed_from_the_newest_figures() -> None:
    """If not: `.venv/bin/python -m deploy.capacity`."""
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page


def test_a_paid_payment_takes_the_actions_that_were_counted_and_a_callback() -> None:
    [ours] = [
        one
        for one in json.loads(EMBEDDED.read_text())["cost_per_payment"]
        if one["subject"] == "ours"
    ]
    assert ours["actions"] + 1 == assumptions.ACTIONS_PAID


def test_what_is_needed_follows_from_the_stated_formulas() -> None:
    need = Need(100, MS)
    assert need.open == 100 * (0.8 * 120 + 0.2 * 870)
    assert need.workers == math.ceil(100 * 0.015 / 0.6)
    assert need.server_cores == math.ceil(100 * 0.030 / 0.6)
    assert need.database_cores == math.ceil(100 * 0.012 / 0.6)
    assert need.shards == 64
    assert need.calls == pytest.approx(160)
    assert need.actions == pytest.approx(740)


def test_all_open_payments_fit_while_one_worker_is_away() -> None:
    for rate in assumptions.RATES:
        need = Need(rate, MS)
        assert (need.workers - 1) * need.cached >= need.open
        assert need.workers >= 2


@pytest.mark.parametrize(
    ("millions", "usd"),
    # The second is the published example.
    [(1, 50), (11.25, 525), (200, 5925), (300, 5925 + 100 * 25)],
)
def test_actions_cost_what_the_published_tiers_say(millions: float, usd: float) -> None:
    assert actions_usd(millions) == pytest.approx(usd)


def actions_usd(millions: float) -> float:
    """Price a month in which just so many actions are taken."""
    one = Need(1, MS)
    rate = millions / one.million_actions
    return Need(rate, MS).actions_usd  # type: ignore[arg-type]


def test_the_page_names_the_limits_that_the_code_has() -> None:
    page = PAGE.read_text("utf-8")
    assert f"body of {LARGEST_BODY // 1024**2} MiB" in page
    named = set(re.findall(r"`([A-Z][A-Za-z]+)` \|$", page, re.MULTILINE))
    rules = (EMBEDDED.parents[1] / "deploy/prometheus/alerts.yml").read_text()
    assert named
    assert all(f"alert: {one}\n" in rules for one in named)
