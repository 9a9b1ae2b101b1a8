"""The back office's login: a session, no guessing, and no form of another site."""

import pytest

from codec.server.operators import hash_password
from storefront.back_office.login import HOME
from storefront.back_office.sessions import LIFE_SECONDS, MOST_SESSIONS, Sessions
from storefront.back_office.throttle import (
    FREE_FAILURES,
    LONGEST_PAUSE_SECONDS,
    MOST_COUNTED,
    Throttle,
    TooManyFailuresError,
)
from storefront.settings import StorefrontSettings
from storefront.staff import PasswordHash, read_staff
from tests.storefront.customer import Customer, a_customer, a_paid_order, text_of
from tests.storefront.member import PASSWORD, Member
from tests.storefront.played_api import PlayedApi


@pytest.fixture
def stranger(customer: Customer) -> Member:
    """Somebody before the login."""
    return Member(customer)


class Clock:
    """Passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_nobody_sees_or_changes_anything_without_a_login(
    stranger: Member, api: PlayedApi
) -> None:
    order_id = await a_paid_order(stranger.customer, api)
    looks = [
        await stranger.http.get(path)
        for path in (HOME, f"{HOME}/orders/{order_id}", f"{HOME}/orders/none")
    ]
    form = {"refund_id": "0123456789abcdef", "left": "18000", "which": "all"}
    tries = [
        await stranger.sends(order_id, form),
        await stranger.http.post(f"{HOME}/orders/{order_id}/refunds/r1"),
    ]
    for answer in (*looks, *tries):
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{HOME}/login"
        assert order_id not in answer.text
    assert api.refunds.bodies == []


async def test_who_logs_in_stays_in_until_the_logout(stranger: Member) -> None:
    answer = await stranger.logs_in()
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    cookie = answer.headers["set-cookie"].lower()
    for word in ("httponly", "samesite=strict", f"path={HOME}"):
        assert word in cookie
    page = await stranger.http.get(HOME)
    assert "Log out ana" in page.text
    secret = stranger.http.cookies["back-office"]
    assert (await stranger.http.post(f"{HOME}/logout")).status_code == 303
    # The session is over, and not only the browser's cookie.
    answer = await stranger.http.get(HOME, headers={"Cookie": f"back-office={secret}"})
    assert answer.status_code == 303


async def test_the_cookie_is_for_https_where_the_shop_is(
    shop_settings: StorefrontSettings, api: PlayedApi
) -> None:
    secure = shop_settings.model_copy(update={"base_url": "https://shop.example"})
    async with a_customer(secure, api) as customer:
        answer = await Member(customer).logs_in()
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ana", "wrong"),
        ("ana", ""),
        ("bob", PASSWORD),
        ("", PASSWORD),
        ("ana", "\udcff"),
    ],
)
async def test_a_wrong_name_or_password_is_shown_in_the_same_words(
    stranger: Member, name: str, password: str
) -> None:
    form = {"name": name, "password": password.encode("utf-8", "surrogatepass")}
    answer = await stranger.http.post(f"{HOME}/login", data=form)
    assert answer.status_code == 401
    assert "Name or password is wrong." in text_of(answer.text)
    assert "back-office" not in stranger.http.cookies


async def test_guessing_is_slowed_down_and_the_right_password_does_not_help(
    stranger: Member, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(FREE_FAILURES):
        assert (await stranger.logs_in(password="wrong")).status_code == 401
    answer = await stranger.logs_in()
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert "Try again in 1 second." in text_of(answer.text)
    assert PASSWORD not in caplog.text


async def test_another_site_can_neither_log_in_nor_refund(
    member: Member, api: PlayedApi
) -> None:
    order_id = await a_paid_order(member.customer, api)
    form = await member.form_of(order_id)
    member.http.headers["Sec-Fetch-Site"] = "cross-site"
    for path in (
        f"{HOME}/login",
        f"{HOME}/logout",
        f"{HOME}/orders/{order_id}/refunds",
        f"{HOME}/orders/{order_id}/refunds/{form['refund_id']}",
    ):
        answer = await member.http.post(path, data={**form, "which": "all"})
        assert answer.status_code == 403
    assert api.refunds.bodies == []


async def test_who_is_removed_or_has_a_new_password_is_logged_out(
    member: Member, shop_settings: StorefrontSettings
) -> None:
    assert shop_settings.staff_file
    assert (await member.http.get(HOME)).status_code == 200
    new = f"ana:{hash_password('another password', n=2)}\n"
    shop_settings.staff_file.write_text(new)
    assert (await member.http.get(HOME)).status_code == 303
    assert (await member.logs_in(password="another password")).status_code == 303
    shop_settings.staff_file.write_text("")
    assert (await member.http.get(HOME)).status_code == 303


async def test_a_file_that_has_become_unreadable_lets_nobody_in(
    member: Member, shop_settings: StorefrontSettings, caplog: pytest.LogCaptureFixture
) -> None:
    assert shop_settings.staff_file
    shop_settings.staff_file.unlink()
    assert (await member.http.get(HOME)).status_code == 303
    assert (await member.logs_in()).status_code == 401
    assert "staff file cannot be read" in caplog.text


async def test_a_shop_without_staff_has_no_back_office(
    shop_settings: StorefrontSettings, api: PlayedApi
) -> None:
    without = {"staff_file": None, "refund_key_file": None}
    settings = shop_settings.model_copy(update=without)
    async with a_customer(settings, api) as customer:
        assert (await customer.http.get(HOME)).status_code == 404
        assert (await customer.http.get(f"{HOME}/login")).status_code == 404


async def test_no_page_of_the_back_office_has_script_or_style_inside(
    member: Member, api: PlayedApi
) -> None:
    order_id = await a_paid_order(member.customer, api)
    await member.refunds(order_id, "50")
    for path in ("", f"/orders/{order_id}"):
        page = (await member.http.get(f"{HOME}{path}")).text
        for inside in (" style=", "<style", "javascript:", "onclick="):
            assert inside not in page
        headers = (await member.http.get(f"{HOME}{path}")).headers
        assert headers["cache-control"] == "no-store"


async def test_what_staff_and_api_say_is_shown_and_never_run(
    member: Member, api: PlayedApi
) -> None:
    order_id = await a_paid_order(member.customer, api)
    api.refunds.more = {"advice": "<script>alert(1)</script>"}
    await member.refunds(order_id, "50", reason='"><script>', note="<img src=x>")
    page = await member.page_of(order_id)
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page


# ---- sessions, throttle, passwords ----


def test_a_session_ends_after_a_shift() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    secret = sessions.begin("ana", PasswordHash.of(PASSWORD))
    clock.now += LIFE_SECONDS - 1
    assert sessions.of(secret)
    clock.now += 1
    assert sessions.of(secret) is None
    assert sessions.of("never was") is None


def test_so_many_sessions_are_kept_and_no_more() -> None:
    sessions, hashed = Sessions(Clock()), PasswordHash.of(PASSWORD)
    secrets = [sessions.begin("ana", hashed) for _ in range(MOST_SESSIONS + 1)]
    assert sessions.of(secrets[0]) is None
    assert all(map(sessions.of, secrets[1:]))


def test_each_failure_doubles_the_pause_up_to_a_minute() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(FREE_FAILURES):
        throttle.take("here")
    pauses = []
    for _ in range(9):
        with pytest.raises(TooManyFailuresError) as error:
            throttle.take("here")
        pauses.append(error.value.seconds)
        clock.now += error.value.seconds
        throttle.take("here")
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, LONGEST_PAUSE_SECONDS]
    throttle.take("elsewhere")
    throttle.succeeded("here")
    throttle.take("here")


def test_guessers_do_not_fill_the_memory() -> None:
    throttle = Throttle(Clock())
    for _ in range(FREE_FAILURES):
        throttle.take("the first")
    for number in range(MOST_COUNTED):
        throttle.take(f"address {number}")
    throttle.take("the first")


def test_a_password_that_the_command_hashed_is_known() -> None:
    hashed = PasswordHash.read(hash_password(PASSWORD))
    assert hashed.is_of(PASSWORD)
    assert not hashed.is_of(PASSWORD[1:])


@pytest.mark.parametrize(
    "line",
    [
        "ana",
        "ana:",
        "ana:secret",
        "a n a:{hash}",
        ":{hash}",
        "ana:{hash}\nana:{hash}",
        "ana:scrypt$3$8$5$YQ==$YQ==",
        "ana:scrypt$1048576$8$5$YQ==$YQ==",
        "ana:scrypt$2$8$5$YQ==$!",
        "ana:scrypt$2$8$5$$",
        "ana:bcrypt$2$8$5$YQ==$YQ==",
    ],
)
def test_a_malformed_line_is_named_and_not_shown(
    line: str, shop_settings: StorefrontSettings
) -> None:
    file = shop_settings.staff_file
    assert file
    file.write_text(line.replace("{hash}", hash_password(PASSWORD, n=2)))
    with pytest.raises(ValueError, match="is not name:hash") as error:
        read_staff(file)
    for secret in ("secret", "YQ==", "scrypt$"):
        assert secret not in str(error.value)
