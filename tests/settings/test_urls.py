"""What each kind of URL allows; what all refuse stands in `test_every_setting.py`."""

from typing import Annotated, Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from api.notifications.endpoint import router
from settings import urls

KINDS: dict[str, Any] = {
    name: TypeAdapter(kind)
    for name, kind in vars(urls).items()
    if isinstance(kind, type(Annotated[str, 0])) and name != "ProxyUrl"
}
ENDPOINT = "/alipay/notifications/payment"


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("HostUrl", "https://open-sea.alipay.com/", "https://open-sea.alipay.com"),
        ("HostUrl", "http://simulator:8081", "http://simulator:8081"),
        ("NotifyUrl", f"https://api.example:8443{ENDPOINT}", None),
        ("NotifyUrl", f"https://api.example/behind/a.proxy{ENDPOINT}", None),
        ("NotifyUrl", f"https://[2600::7]{ENDPOINT}", None),
        ("NotifyUrl", f"http://api:8080{ENDPOINT}", None),
        ("NotifyUrl", f"https://127.0.0.1{ENDPOINT}", None),
        ("CallbackUrl", "https://shop.example/?wc-api=cashier", None),
        ("CallbackUrl", "http://shop.shops.svc.cluster.local:8080/hooks", None),
        ("CallbackUrl", "http://10.0.0.3/hooks/", None),
        ("KeySetUrl", "https://login.example/keys/?p=b2c_1", None),
        ("PageUrl", "https://codec.example/codec/", "https://codec.example/codec"),
        ("PageOrigin", "https://UI.example/namespaces", "https://ui.example"),
        ("LinkUrl", "https://wiki.example/runbook?page=7", None),
        ("SimulatedUrl", "http://192.168.1.7:8081/", "http://192.168.1.7:8081"),
    ],
)
def test_a_kind_keeps_what_it_needs(kind: str, given: str, kept: str | None) -> None:
    assert KINDS[kind].validate_python(given) == (kept or given)


@pytest.mark.parametrize(
    ("kind", "given", "rule"),
    [
        # Then Alipay's notification would not reach our endpoint.
        ("NotifyUrl", f"https://api.example{ENDPOINT}/", "slash at its end"),
        ("NotifyUrl", "https://api.example", "the path must end in"),
        ("NotifyUrl", "https://api.example/", "the path must end in"),
        ("NotifyUrl", "https://api.example//payment", "the path must end in"),
        ("NotifyUrl", "https://api.example/a/../payment", "the path must end in"),
        ("NotifyUrl", "https://api.example/alipay/notifications/paymnet", ENDPOINT),
        ("NotifyUrl", f"https://api.example{ENDPOINT}s", ENDPOINT),
        ("NotifyUrl", f"https://api.example{ENDPOINT}/more", ENDPOINT),
        ("NotifyUrl", f"https://api.example{ENDPOINT}%0A", ENDPOINT),
        ("NotifyUrl", f"https://api.example{ENDPOINT.title()}", ENDPOINT),
        ("NotifyUrl", f"https://api.example{ENDPOINT.upper()}", ENDPOINT),
        ("NotifyUrl", f"https://api.example/pay/../{ENDPOINT}", ENDPOINT),
        ("NotifyUrl", f"https://api.example/{ENDPOINT}", "without //"),
        ("NotifyUrl", f"https://api.example/pay%0A{ENDPOINT}", "and %"),
        ("NotifyUrl", f"https://api.example{ENDPOINT}?order=1", "query"),
        ("NotifyUrl", f"https://10.0.0.3{ENDPOINT}", "Alipay must reach it"),
        ("NotifyUrl", f"https://[::ffff:10.0.0.3]{ENDPOINT}", "Alipay must reach it"),
        ("NotifyUrl", f"https://gateway{ENDPOINT}", "Alipay must reach it"),
        ("NotifyUrl", f"http://api.example{ENDPOINT}", "https://"),
        ("HostUrl", "https://open-sea.alipay.com/ams/api/v1", "after host and port"),
        ("HostUrl", "https://open-sea.alipay.com?a=1", "query"),
        ("HostUrl", "http://open-sea.alipay.com", "https://"),
        ("KeySetUrl", "http://login.example/keys", "https://"),
        ("PageUrl", "http://codec.example", "https://"),
        ("LinkUrl", "https://wiki.example/run(book)", "( and )"),
        ("PageOrigin", "*", "a URL with a host"),
    ],
)
def test_a_kind_refuses_what_it_cannot_use(kind: str, given: str, rule: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        KINDS[kind].validate_python(given)
    assert rule in str(refusal.value)


def test_the_path_that_a_notify_url_ends_in_is_our_endpoint() -> None:
    paths = {route.path for route in router.routes if isinstance(route, APIRoute)}
    # Notices of refunds come beside it, at addresses made from it.
    assert paths == {
        urls.NOTIFICATIONS_PATH,
        "/alipay/notifications/refund",
        "/alipay/notifications/refund/{order_id}",
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("login", ["anna", "anna:s3cret", ":s3cret", ""])
def test_no_kind_takes_a_name_and_a_password(kind: str, login: str) -> None:
    with pytest.raises(ValidationError, match="without name and password"):
        KINDS[kind].validate_python(f"https://{login}@shop.example/path")
