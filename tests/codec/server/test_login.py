"""Login and logout: who has a session, for how long, and what guessers get."""

from pathlib import Path

import httpx
import pytest

from codec.server.operators import add_operator
from codec.server.sessions import LIFE_SECONDS
from codec.server.throttle import FREE_FAILURES, MOST_FAILURES
from tests.codec.serving import NAME, PASSWORD, UI, URL, Codec, a_server, settings_in

OTHER = "another good password"


async def may_read(codec: Codec) -> bool:
    return (await codec.decode(await codec.secret())).status_code == 200


async def test_a_login_leads_to_the_page_that_says_what_to_switch_on(
    codec: Codec,
) -> None:
    answer = await codec.log_in()
    page = (await codec.http.get("/login")).text
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert NAME in page
    assert "Include cross-origin credentials" in page
    assert f"{URL}/codec" in page
    assert f'href="{UI}"' in page


async def test_the_cookie_is_kept_from_scripts_and_other_sites(codec: Codec) -> None:
    cookie = (await codec.log_in()).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert f"max-age={LIFE_SECONDS}" in cookie
    assert "domain" not in cookie


async def test_over_https_the_cookie_goes_over_https_only(folder: Path) -> None:
    settings = settings_in(folder, url="https://codec.example")
    async with a_server(settings) as codec:
        cookie = (await codec.log_in(Origin="https://codec.example")).headers[
            "set-cookie"
        ]
        assert cookie.startswith("__Host-cashier-codec=")
        assert "; Secure" in cookie
        assert "; Path=/" in cookie
        assert await may_read(codec)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        (NAME, "wrong"),
        (NAME, ""),
        (NAME, PASSWORD + "x"),
        ("nobody", PASSWORD),
        ("", ""),
        (NAME.upper(), PASSWORD),
        ("o" * 3000, PASSWORD),
    ],
)
async def test_a_wrong_password_opens_nothing(
    codec: Codec, name: str, password: str
) -> None:
    answer = await codec.log_in(name, password)
    assert answer.status_code == 401
    assert "Name or password is wrong" in answer.text
    assert "set-cookie" not in answer.headers
    assert not await may_read(codec)


async def test_a_logout_ends_the_session_for_whoever_has_its_cookie(
    codec: Codec,
) -> None:
    await codec.log_in()
    stolen = dict(codec.http.cookies)
    assert await may_read(codec)
    answer = await codec.http.post("/logout")
    assert answer.status_code == 303
    assert "cashier-codec" not in codec.http.cookies
    codec.http.cookies.update(stolen)
    assert not await may_read(codec)


async def test_a_session_ends_by_itself(codec: Codec) -> None:
    await codec.log_in()
    codec.clocks.move(LIFE_SECONDS - 1)
    assert await may_read(codec)
    codec.clocks.move(1)
    assert not await may_read(codec)
    assert "Log in to read payments" in (await codec.http.get("/login")).text


@pytest.mark.parametrize("forged", ["", "x", "x" * 43, '"', "olga", "\u00e9"])
async def test_a_forged_cookie_opens_nothing(codec: Codec, forged: str) -> None:
    cookie = f"cashier-codec={forged}".encode()
    answer = await codec.http.post(
        "/codec/decode", content="{}", headers=[(b"Cookie", cookie)]
    )
    assert answer.status_code == 401


async def test_who_is_removed_is_logged_out(codec: Codec, folder: Path) -> None:
    await codec.log_in()
    (folder / "operators").write_text("")
    assert not await may_read(codec)


async def test_a_new_password_ends_the_old_sessions(codec: Codec, folder: Path) -> None:
    await codec.log_in()
    add_operator(folder / "operators", NAME, OTHER)
    assert not await may_read(codec)
    await codec.log_in(password=OTHER)
    assert await may_read(codec)


async def test_a_file_of_operators_gone_bad_lets_nobody_in(
    codec: Codec, folder: Path
) -> None:
    await codec.log_in()
    (folder / "operators").write_text("olga:secret\n")
    assert not await may_read(codec)
    assert (await codec.log_in()).status_code == 503


@pytest.mark.parametrize("origin", ["https://evil.example", UI, "null"])
@pytest.mark.parametrize("path", ["/login", "/logout"])
async def test_no_other_page_can_log_somebody_in_or_out(
    codec: Codec, path: str, origin: str
) -> None:
    await codec.log_in()
    answer = await codec.http.post(
        path, data={"name": NAME, "password": PASSWORD}, headers={"Origin": origin}
    )
    assert answer.status_code == 403
    assert await may_read(codec)


async def test_the_own_page_can_log_in(codec: Codec) -> None:
    assert (await codec.log_in(Origin=URL)).status_code == 303


async def test_who_guesses_is_slowed_down(codec: Codec) -> None:
    for _ in range(FREE_FAILURES):
        assert (await codec.log_in(password="wrong")).status_code == 401
    refused = await codec.log_in()
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert "Try again in 1 second." in refused.text
    codec.clocks.move(1)
    assert (await codec.log_in()).status_code == 303


async def test_who_guesses_names_too_is_slowed_down(codec: Codec) -> None:
    for number in range(int(MOST_FAILURES) - 1):
        codec.throttle.take(f"name{number}", address=f"203.0.113.{number}")
    codes = [(await codec.log_in(name, "x")).status_code for name in ("one", "two")]
    assert codes == [401, 429]


async def test_a_stranger_cannot_lock_an_operator_out_of_her_browser(
    codec: Codec,
) -> None:
    await codec.log_in()
    hers = dict(codec.http.cookies)
    codec.http.cookies.clear()
    codes = [(await codec.log_in(password="wrong")).status_code for _ in range(40)]
    assert codes == [401] * FREE_FAILURES + [429] * (40 - FREE_FAILURES)
    assert (await codec.log_in()).status_code == 429
    # A restart, or eight hours, have ended her session, and not what her browser is.
    hers.pop("cashier-codec")
    codec.http.cookies.update(hers)
    assert (await codec.log_in()).status_code == 303
    assert await may_read(codec)


@pytest.mark.parametrize("change", ["name", "password", "forged"])
async def test_a_browser_is_known_for_one_name_and_one_password(
    codec: Codec, folder: Path, change: str
) -> None:
    add_operator(folder / "operators", "omar", OTHER)
    await codec.log_in()
    [mark] = [
        value for name, value in codec.http.cookies.items() if name.endswith("-olga")
    ]
    codec.http.cookies.clear()
    name, password = NAME, PASSWORD
    if change == "name":
        name, password = "omar", OTHER
    elif change == "password":
        add_operator(folder / "operators", NAME, OTHER)
        password = OTHER
    else:
        mark = f"another{mark}"
    for _ in range(FREE_FAILURES):
        await codec.log_in(name, "wrong")
    codec.http.cookies[f"cashier-codec-known-{name}"] = mark
    assert (await codec.log_in(name, password)).status_code == 429


async def test_what_makes_a_browser_known_opens_nothing(codec: Codec) -> None:
    await codec.log_in()
    del codec.http.cookies["cashier-codec"]
    assert codec.http.cookies
    assert not await may_read(codec)
    assert (await codec.log_in(password="wrong")).status_code == 401


async def test_logins_are_logged_by_name_and_without_the_password(
    codec: Codec, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        await codec.log_in(password="wrong-password")
        await codec.log_in()
        await codec.http.post("/logout")
    told = [
        (one.message, vars(one)["operator"])
        for one in caplog.records
        if one.name == "codec.server.login"
    ]
    written = str([vars(one) for one in caplog.records])
    assert told == [("login failed", NAME), ("logged in", NAME), ("logged out", NAME)]
    assert "wrong-password" not in written
    assert PASSWORD not in written


async def test_a_form_too_large_is_refused(codec: Codec) -> None:
    assert (await codec.log_in(password="x" * 10_000)).status_code == 413


@pytest.mark.parametrize("body", [b"\xff", b"&".join([b"a=1"] * 50)])
async def test_a_body_that_is_no_form_is_refused(codec: Codec, body: bytes) -> None:
    assert (await codec.http.post("/login", content=body)).status_code == 400


async def test_the_page_runs_no_script_and_stands_in_no_frame(codec: Codec) -> None:
    page = await codec.http.get("/login")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_the_form_can_be_used_without_seeing_it(codec: Codec) -> None:
    page = (await codec.http.get("/login")).text
    for field in ("name", "password"):
        assert f'<label for="{field}">' in page
        assert f'id="{field}"' in page
    assert '<html lang="en">' in page
    assert 'role="alert"' in (await codec.log_in(password="wrong")).text


async def test_a_name_with_markup_is_only_text(folder: Path) -> None:
    async with a_server(settings_in(folder)) as codec:
        answer = await codec.log_in("<b>olga</b>", "wrong")
    assert "<b>" not in answer.text


async def test_without_operators_there_is_no_login_page(
    folder: Path, token_settings: dict[str, str]
) -> None:
    settings = settings_in(folder, operators_file=None, **token_settings)
    async with a_server(settings) as codec:
        page: httpx.Response = await codec.http.get("/login")
        refused = await codec.decode(await codec.secret())
    assert page.status_code == 404
    assert refused.status_code == 401
    assert "the UI must pass a valid token" in refused.json()["message"]
