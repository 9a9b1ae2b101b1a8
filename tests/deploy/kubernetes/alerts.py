"""The alerts as the prometheus-operator takes them: the same rules, in its kind.

`python -m tests.deploy.kubernetes.alerts` renews the file from Prometheus' own.
"""

from typing import Any

import yaml

from tests.deploy.kubernetes.rendering import KUBERNETES, ROOT

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
FILE = KUBERNETES / "components" / "prometheus-operator" / "alerts.yaml"
HEAD = """\
# Made from deploy/prometheus/alerts.yml: change that one, and then run
# .venv/bin/python -m tests.deploy.kubernetes.alerts
"""


def prometheus_rule() -> dict[str, Any]:
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "cashier"},
        "spec": yaml.safe_load(RULES.read_text()),
    }


def text() -> str:
    body = yaml.safe_dump(
        prometheus_rule(), sort_keys=False, width=100, allow_unicode=True
    )
    return HEAD + body


if __name__ == "__main__":
    FILE.write_text(text())
