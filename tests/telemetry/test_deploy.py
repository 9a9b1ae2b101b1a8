"""Dashboard and alerts read only metrics that the running processes really show."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.telemetry.promql import metrics_in, metrics_shown
from tests.telemetry.running import Watched

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"

# The chapters of the runbook.
CHAPTERS = {
    "review",
    "stopped",
    "paused",
    "alipay-does-not-answer",
    "overdue",
    "workflow-task-fails",
    "callback-not-accepted",
    "no-worker",
    "notifications-rejected",
    "notices",
    "a-refund-for-a-second-person",
    "a-refund-and-a-dispute",
    "a-refund-without-an-answer",
    "a-refund-and-the-balance-is-too-low",
    "a-refund-that-takes-long",
    "a-refund-that-was-refused",
    "limits",
}
# Prometheus makes it itself, for each target.
OF_PROMETHEUS = {"up"}


def alerts() -> list[dict[str, Any]]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    return [rule for group in rules["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads((DEPLOY / "grafana" / "cashier.json").read_text())
    found: list[dict[str, Any]] = dashboard["panels"]
    return found


def expressions() -> Iterator[str]:
    yield from (alert["expr"] for alert in alerts())
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])


async def shown_by_both(watched: Watched) -> set[str]:
    """What is shown after a payment whose first call to Alipay failed."""
    opened = await watched.opens()
    await watched.fault(opened["order_id"], "server_error_before")
    await watched.api.get(f"/payments/{opened['order_id']}?refresh=1")
    await watched.pays(opened)
    return metrics_shown(await watched.scrape(watched.worker_metrics)) | metrics_shown(
        await watched.scrape(watched.api_metrics)
    )


async def test_dashboard_and_alerts_read_only_metrics_that_exist(
    watched: Watched,
) -> None:
    shown = await shown_by_both(watched)
    read = {name for expression in expressions() for name in metrics_in(expression)}
    assert read - shown - OF_PROMETHEUS == set()
    # And what the processes count for operators is looked at.
    ours = {
        re.sub(r"_(bucket|count|sum)$", "", name)
        for name in shown
        if name.startswith("cashier_")
    }
    assert ours <= {re.sub(r"_(bucket|count|sum)$", "", name) for name in read}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('max(cashier_payments_stuck{why="review"}) > 0', {"cashier_payments_stuck"}),
        ("sum by (le, a) (rate(x_bucket[5m])) / on (a) y offset 5m", {"x_bucket", "y"}),
        ('up{job=~"cashier-.+"} == 0', {"up"}),
        ("cashier_paymets_open", {"cashier_paymets_open"}),
    ],
)
def test_the_names_in_an_expression_are_found(expression: str, names: set[str]) -> None:
    assert metrics_in(expression) == names


@pytest.mark.parametrize("alert", alerts(), ids=[one["alert"] for one in alerts()])
def test_an_alert_says_what_it_means_and_names_its_chapter(
    alert: dict[str, Any],
) -> None:
    notes = alert["annotations"]
    page, _, chapter = notes["runbook"].partition("#")
    assert page == "docs/runbook.md"
    assert chapter in CHAPTERS
    assert len(notes["summary"]) > 10
    assert len(notes["meaning"]) > 30
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert.keys() <= {"alert", "expr", "for", "labels", "annotations"}


def test_every_chapter_has_its_alert() -> None:
    named = {alert["annotations"]["runbook"].partition("#")[2] for alert in alerts()}
    assert named == CHAPTERS


def test_panels_have_ids_and_places_of_their_own() -> None:
    places = [tuple(panel["gridPos"].values()) for panel in panels()]
    assert len({panel["id"] for panel in panels()}) == len(panels())
    assert len(set(places)) == len(places)


def test_prometheus_scrapes_what_the_containers_show() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    targets = {
        target
        for job in scraped["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    }
    shown = {
        f"{service}:{compose[service]['environment'][setting].rpartition(':')[2]}"
        for service, setting in (
            ("worker", "CASHIER_METRICS_ADDRESS"),
            ("api", "CASHIER_API_METRICS_ADDRESS"),
        )
    }
    assert targets == shown
    published = [str(port) for port in compose["api"]["ports"]]
    assert not any(port.endswith("9465") for port in published)


def test_what_the_containers_mount_exists() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for service in ("prometheus", "grafana"):
        assert compose[service]["profiles"] == ["observe"]
        for volume in compose[service]["volumes"]:
            source = volume.partition(":")[0]
            assert not source.startswith(".") or (ROOT / source).exists(), source
