"""Reads just enough of PromQL and of an exposition to compare the names of metrics."""

import re

from prometheus_client.parser import text_string_to_metric_families

WORDS = {"by", "without", "on", "ignoring", "and", "or", "unless", "bool", "offset"}
SUFFIXES = {
    "histogram": ("_bucket", "_count", "_sum"),
    "counter": ("_total",),
    "gauge": ("",),
}


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics that an expression reads."""
    text = re.sub(r'"(?:\\.|[^"\\])*"', "", expression)
    text = re.sub(r"\{[^}]*\}", "", text)
    text = re.sub(r"\[[^\]]*\]", "", text)
    text = re.sub(r"\b(?:by|without|on|ignoring)\s*\([^)]*\)", "", text)
    # A name before a bracket is a function; numbers begin with a digit.
    names = re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", text)
    return set(names) - WORDS


def metrics_shown(exposition: str) -> set[str]:
    """Return the names under which Prometheus keeps what an endpoint shows.

    Those without a sample count too: their labels are known with their first event.
    """
    return {
        f"{family.name}{suffix}"
        for family in text_string_to_metric_families(exposition)
        for suffix in SUFFIXES.get(family.type, ("",))
    }
