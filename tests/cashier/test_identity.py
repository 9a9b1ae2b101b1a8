"""Who acts is noted by who is at the terminal, whatever name the command is given."""

import getpass
import socket
from typing import Any

import jwt
import pytest

from cashier.identity import identity_at_this_terminal

HERE = f"{getpass.getuser()}@{socket.gethostname()}"


def a_token(**claims: Any) -> str:
    return jwt.encode(claims, "a secret of the issuer's, 32 bytes long")


@pytest.mark.parametrize(
    ("token", "identity"),
    [
        ("", HERE),
        ("no-jwt", HERE),
        (a_token(aud="temporal"), HERE),
        (a_token(sub="two\nlines"), HERE),
        (a_token(sub="ana@merchant.example"), "ana@merchant.example"),
    ],
    ids=["no token", "another token", "no subject", "unprintable", "a subject"],
)
def test_the_identity_is_the_tokens_subject_or_who_is_at_the_terminal(
    monkeypatch: pytest.MonkeyPatch, token: str, identity: str
) -> None:
    monkeypatch.setenv("TEMPORAL_API_KEY", token)
    assert identity_at_this_terminal() == identity
