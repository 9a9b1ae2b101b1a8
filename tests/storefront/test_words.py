"""Words: the same in every language, complete, and written as its people write."""

import re
import string
from datetime import UTC, datetime

import pytest

from storefront.back_office.problems import KNOWN
from storefront.catalog import CATALOG
from storefront.ordering.order_status import Kind
from storefront.ordering.refunds import ASKED
from storefront.pages.rendering import FOLDER
from storefront.payment_api.outcomes import STATUS_OF
from storefront.payment_api.refunds import (
    REFUSED,
    RETURNED,
    SUCCEEDED,
    UNDER_WAY,
    WITH_A_PERSON,
)
from storefront.words import LANGUAGES, WORDS, Words, country_of, language_of
from tests.storefront.customer import Customer


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_the_same_words_with_the_same_placeholders(
    language: str,
) -> None:
    first, other = WORDS[LANGUAGES[0]], WORDS[language]
    assert first.keys() == other.keys()
    for name, text in first.items():
        assert placeholders(text) == placeholders(other[name]), name
        assert other[name].strip(), name


def test_every_state_and_product_has_its_words_and_every_product_its_picture() -> None:
    words = WORDS["en"]
    for kind in Kind:
        assert {f"status.{kind}.title", f"status.{kind}.text"} <= words.keys()
    for product in CATALOG.products:
        assert f"product.{product.id}.name" in words
        assert (FOLDER / "templates" / "pictures" / f"{product.id}.svg").is_file()


def test_no_template_holds_words_of_its_own() -> None:
    for file in (FOLDER / "templates").rglob("*.html"):
        html = re.sub(r"(?s){%.*?%}|{{.*?}}", "", file.read_text())
        text = re.sub(r"<[^>]*>", "", html)
        assert not re.search(r"[A-Za-z]", text), file.name


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("id", "id"),
        ("id-ID,id;q=0.9,en;q=0.8", "id"),
        ("de,id;q=0.4,en;q=0.6", "en"),
        ("de-DE", "en"),
        ("", "en"),
        (";;;q=x,,", "en"),
        ("id;q=never", "en"),
    ],
)
def test_the_browser_s_favourite_language_is_spoken(
    accepted: str, language: str
) -> None:
    assert language_of(accepted) == language


@pytest.mark.parametrize(
    ("language", "market", "value", "written"),
    [
        ("en", "PH", 18000, "₱180.00"),
        ("en", "ID", 4200000, "Rp 42.000"),
        ("id", "ID", 4200000, "Rp 42.000"),
        ("en", "HK", 4200, "HK$42.00"),
        ("en", "KR", 5500, "₩5,500"),
        ("id", "KR", 5500, "₩5.500"),
        ("en", "MY", 1300, "RM 13.00"),
        ("en", "TH", 11000, "THB 110.00"),
        ("en", "CN", 2800, "CN¥28.00"),
        ("en", "JP", 560, "¥560"),
        ("id", "JP", 560, "JP¥560"),
    ],
)
def test_money_is_written_from_minor_units(
    language: str, market: str, value: int, written: str
) -> None:
    words = Words(language, CATALOG.market(market))
    assert " ".join(words.money(value).split()).replace(" ", "") == written.replace(
        " ", ""
    )


@pytest.mark.parametrize(
    ("language", "market", "written", "value"),
    [
        ("en", "PH", "50", 5000),
        ("en", "PH", " PHP 50.00 ", 5000),
        ("en", "PH", "50.00php", 5000),
        ("en", "PH", "₱1,050.5", 105050),
        ("en", "PH", "1050", 105000),
        ("id", "PH", "50,00", 5000),
        ("id", "ID", "Rp 42.000", 4200000),
        ("id", "ID", "42000", 4200000),
        ("en", "KR", "₩5,500", 5500),
        ("en", "JP", "560", 560),
        ("en", "PH", "0.10", 10),
        ("en", "PH", "0", 0),
    ],
)
def test_money_is_read_as_it_is_written(
    language: str, market: str, written: str, value: int
) -> None:
    assert Words(language, CATALOG.market(market)).read_money(written) == value


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("market", [one.code for one in CATALOG.markets])
def test_what_the_shop_writes_the_shop_can_read(language: str, market: str) -> None:
    words = Words(language, CATALOG.market(market))
    for whole in (1, 180, 4200, 1234567):
        value = whole * 10**words.market.digits
        assert words.read_money(words.money(value)) == value


@pytest.mark.parametrize(
    ("language", "market", "written"),
    [
        ("en", "PH", "50.001"),
        ("en", "KR", "5500.5"),
        ("en", "PH", "50,00"),
        ("id", "PH", "50.00"),
        ("en", "PH", "-50"),
        ("en", "PH", "50 pesos"),
        ("en", "PH", "IDR 50"),
        ("en", "PH", "1e3"),
        ("en", "PH", "PHP"),
        ("en", "PH", ""),
        ("en", "PH", "NaN"),
        ("en", "PH", "1" * 21),
    ],
)
def test_an_amount_that_is_ambiguous_or_none_is_not_read(
    language: str, market: str, written: str
) -> None:
    with pytest.raises(ValueError, match=r"must be an amount|is finer"):
        Words(language, CATALOG.market(market)).read_money(written)


def test_every_status_of_an_order_and_of_a_refund_has_its_words() -> None:
    states = ["NEW", *filter(None, STATUS_OF.values())]
    statuses = [ASKED, *UNDER_WAY, *WITH_A_PERSON, SUCCEEDED, REFUSED, RETURNED]
    wanted = {
        *(f"back_office.state.{state}" for state in states),
        *(f"back_office.refund.{status}" for status in statuses),
        *(f"back_office.problem.{code}" for code in KNOWN),
    }
    assert wanted <= WORDS["en"].keys()


def test_times_are_those_of_the_market() -> None:
    moment = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert "6:00" in Words("en", CATALOG.market("PH")).time(moment)
    assert Words("id", CATALOG.market("ID")).time(moment) == "17.00 (Jakarta)"


async def test_language_and_market_are_kept_and_lead_back_to_the_same_page(
    customer: Customer,
) -> None:
    answer = await customer.http.post(
        "/preferences", data={"language": "id", "market": "ID", "back": "/cart"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/cart")
    home = (await customer.http.get("/")).text
    assert '<html lang="id">' in home
    assert "Rp" in home


@pytest.mark.parametrize(
    "back",
    [
        "https://elsewhere.example",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "//[elsewhere",
        "javascript:alert(1)",
        "cart",
        "/" + "x" * 300,
        "/a\r\nSet-Cookie: x=y",
        "",
    ],
)
async def test_a_preference_leads_to_no_page_but_ours(
    customer: Customer, back: str
) -> None:
    answer = await customer.http.post("/preferences", data={"back": back})
    assert answer.headers["location"] == "/"


async def test_what_nobody_offers_is_not_kept(customer: Customer) -> None:
    await customer.http.post("/preferences", data={"language": "xx", "market": "XX"})
    assert not customer.http.cookies


@pytest.mark.parametrize(
    ("accepted", "country"),
    [
        ("id-ID,id;q=0.9,en;q=0.8", "ID"),
        ("id", "ID"),
        ("en-PH,en;q=0.9", "PH"),
        ("zh-Hant-HK", "HK"),
        ("de-DE,ko;q=0.5", "KR"),
        ("en-GB,en;q=0.9", ""),
        ("", ""),
        (";;;q=x,,", ""),
    ],
)
def test_the_browser_names_the_customers_country(accepted: str, country: str) -> None:
    markets = {market.code for market in CATALOG.markets}
    assert country_of(accepted, markets) == country


async def test_an_indonesian_browser_begins_with_indonesia_until_one_chooses(
    customer: Customer,
) -> None:
    customer.http.headers["Accept-Language"] = "id-ID,id;q=0.9"
    assert "Rp" in (await customer.http.get("/")).text
    await customer.http.post("/preferences", data={"market": "PH"})
    assert "Rp" not in (await customer.http.get("/")).text
