"""A request that our side cannot send is distinguished from a failing network."""

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.client import AlipayClient, open_connections
from alipay.errors import NoVerdictError, UnsendableError
from alipay.keys.rsa import AlipayKeys
from tests.activities.serving import a_server
from tests.alipay.gateway import a_client, a_pay_request, failing


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": "https://127.0.0.1:99999"},  # leaves the connection in a group
        {"host": "http://127.0.0.1:70000"},
        {"host": "https://127.0.0.1:9\n"},
        {"host": '"https://127.0.0.1:9"'},
        {"host": "alipay.example"},
        {"client_id": "5J0000000000000000\n"},
        {"client_id": "5J0000000000000000\u200b"},
    ],
    ids=str,
)
async def test_an_invalid_url_header_or_key_is_unsendable(
    wrong: dict[str, str], merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    async with a_server(None) as port, open_connections() as http:
        client = AlipayClient(
            http,
            host=wrong.get("host", f"http://127.0.0.1:{port}"),
            client_id=wrong.get("client_id", "5J0000000000000000"),
            private_key=merchant_key,
            alipay_keys=AlipayKeys({"1": alipay_key.public_key()}),
        )
        with pytest.raises(UnsendableError) as unsendable:
            await client.pay(a_pay_request())
    assert "5J0000" not in str(unsendable.value)
    assert "127.0.0.1" not in str(unsendable.value)


async def test_a_key_too_short_to_sign_with_makes_the_request_unsendable(
    alipay_key: RSAPrivateKey,
) -> None:
    class Short:
        """As a key of 512 bits behaves, which the library does not make any more."""

        def sign(self, *_: object) -> bytes:
            raise ValueError("Digest too large for key size.")

    short: rsa.RSAPrivateKey = Short()  # type: ignore[assignment]
    client = a_client(failing(AssertionError()), short, alipay_key)
    with pytest.raises(UnsendableError, match="cannot be signed"):
        await client.pay(a_pay_request())


@pytest.mark.parametrize(
    "error",
    [
        OSError("no buffer space"),
        ExceptionGroup("tries", [OSError("refused"), OSError("refused")]),
        httpx.RemoteProtocolError("odd"),
    ],
)
async def test_a_network_that_fails_is_no_verdict_in_a_group_too(
    error: Exception, merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> None:
    client = a_client(failing(error), merchant_key, alipay_key)
    with pytest.raises(NoVerdictError):
        await client.pay(a_pay_request())
