"""Keys: which ones there are is told, and a mix-up is named."""

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from alipay.keys.rsa import one_line_public_key
from cashier.doctor.checks.findings import State
from cashier.doctor.checks.keys import check_keys, fingerprint
from cashier.system.home import Home, write_public_key
from tests.cashier.doctor.checking import assert_wrong, lines_of, worker_settings


async def test_sound_keys_are_told_by_what_the_dashboard_shows(home: Home) -> None:
    settings = worker_settings(home, key_version=3)
    lines = await lines_of(check_keys(settings, settings))
    assert {one.state for one in lines.values()} == {State.OK}
    public = settings.private_key.public_key()
    assert fingerprint(public)[:16] in lines["merchant"].why
    assert one_line_public_key(public)[44:60] in lines["merchant"].why
    assert "version 3" in lines["merchant"].why
    alipays = settings.alipay_keys.of_version("1")
    assert fingerprint(alipays)[:16] in lines["alipay"].why


async def test_the_part_of_a_key_that_is_shown_differs_from_key_to_key() -> None:
    keys = [
        rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in "ab"
    ]
    one, other = (one_line_public_key(key.public_key()) for key in keys)
    assert one[:43] == other[:43]
    assert one[44:60] != other[44:60]


async def test_the_merchants_own_public_key_among_alipays_is_named(home: Home) -> None:
    settings = worker_settings(home)
    write_public_key(settings.private_key, home.alipay_keys / "2.pem")
    lines = await lines_of(check_keys(settings, settings))
    assert_wrong(lines["alipay"], "2.pem", "merchant's own public key")
    assert lines["merchant"].state is State.OK


async def test_one_key_under_two_versions_is_named(home: Home) -> None:
    settings = worker_settings(home)
    (home.alipay_keys / "2.pem").write_bytes((home.alipay_keys / "1.pem").read_bytes())
    lines = await lines_of(check_keys(settings, settings))
    assert_wrong(lines["alipay"], "1.pem, 2.pem", "contain the same key")


async def test_a_key_that_is_too_short_is_named(home: Home) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    home.merchant_key.write_bytes(
        short.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    write_public_key(
        rsa.generate_private_key(public_exponent=65537, key_size=1024),
        home.alipay_keys / "1.pem",
    )
    settings = worker_settings(home)
    lines = await lines_of(check_keys(settings, settings))
    assert_wrong(lines["merchant"], "CASHIER_PRIVATE_KEY_FILE", "1024 bits")
    assert_wrong(lines["alipay"], "1.pem", "2048 bits")


async def test_where_only_the_api_is_looked_at_its_keys_are(home: Home) -> None:
    lines = await lines_of(check_keys(worker_settings(home), None))
    assert [*lines] == ["alipay"]
