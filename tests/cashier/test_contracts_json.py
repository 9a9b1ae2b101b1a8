"""`docs/contracts.json`: fresh, whole, and true of what the API starts."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from api.payments.new_payment_page import listing_of
from cashier.commands import app
from cashier.contract_ids import EXAMPLE
from contracts import page_update_id, refunds_id
from visibility import EXPIRES_AT, KEYS

FILE = Path(__file__).parent.parent.parent / "docs" / "contracts.json"
DOCUMENT = json.loads(FILE.read_text())


def test_the_file_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(app, ["contracts"])
    assert printed.output == FILE.read_text(), (
        "renew it: .venv/bin/cashier contracts > docs/contracts.json"
    )


def test_every_reference_leads_to_a_schema() -> None:
    named = {reference.removeprefix("#/$defs/") for reference in _references(DOCUMENT)}
    assert named <= DOCUMENT["$defs"].keys()
    # What nothing refers to but the document's own parts is told for no reader.
    assert DOCUMENT["$defs"].keys() <= named


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (part["$ref"],) if isinstance(part.get("$ref"), str) else ()
        for below in part.values():
            yield from _references(below)
    elif isinstance(part, list):
        for below in part:
            yield from _references(below)


def test_the_example_of_an_update_id_is_that_of_its_order() -> None:
    example = DOCUMENT["ids"]["page_update"]["example"]
    assert example["of"] == "coffee-1/PHP/131400/GCASH/1"
    assert example["id"] == page_update_id(EXAMPLE)
    assert page_update_id(EXAMPLE) == "page-a978afa5c1440dabeaa8ee209e83b0c6"


def test_the_examples_of_refunds_are_those_of_their_ids() -> None:
    owner = DOCUMENT["ids"]["refunds"]["example"]
    assert len(owner["order_id"]) == 60
    assert owner["id"] == refunds_id(owner["order_id"])
    update = DOCUMENT["ids"]["refund_update"]["example"]
    digest = hashlib.sha256(update["of"].encode()).hexdigest()[:32]
    assert update["id"] == f"refund-{digest}"


def test_a_refund_names_what_its_owner_answers_to() -> None:
    refund = DOCUMENT["refund"]
    owner = DOCUMENT["workflows"][refund["workflow"]]
    assert refund["input"] == owner["input"]
    assert refund["argument"] == owner["updates"][refund["update"]]["argument"]
    assert owner["queries"]["view"]["answer"] == owner["result"]


def test_a_start_names_what_a_payment_answers_to() -> None:
    start = DOCUMENT["start"]
    payment = DOCUMENT["workflows"][start["workflow"]]
    update = payment["updates"][start["update"]]
    assert start["input"] == payment["input"]
    assert start["argument"] == update["argument"]
    assert payment["queries"]["view"]["answer"] == payment["result"]


def test_a_start_is_listed_as_the_api_lists_it() -> None:
    told = {
        name: one["at_start"]
        for name, one in DOCUMENT["search_attributes"].items()
        if one["at_start"] is not None
    }
    values = {**EXAMPLE.model_dump(), "amount": EXAMPLE.amount}
    listed = {pair.key.name: pair.value for pair in listing_of(EXAMPLE)}
    assert DOCUMENT["search_attributes"].keys() == {key.name for key in KEYS}
    assert told.pop(EXPIRES_AT.name)
    assert listed.pop(EXPIRES_AT.name)
    assert {name: form.format(**values) for name, form in told.items()} == {
        name: str(value) for name, value in listed.items()
    }
