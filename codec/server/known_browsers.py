"""Known browsers, which an attacker's failed logins do not lock out.

A device cookie, as OWASP describes it against lockouts:
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
It opens nothing: the password is asked for all the same. Nothing is kept of it here; it
is proven with the hash of the operator's password, so that it outlives a restart of the
server and ends with the password.
"""

import hmac
import secrets

# Longer than a leave; a browser of longer ago is treated as a stranger's.
LIFE_SECONDS = 90 * 24 * 3600


def new_mark(name: str, password_hash: str) -> str:
    """Return the mark by which a browser is known from now on."""
    browser = secrets.token_urlsafe(12)
    return f"{browser}.{_proof(name, password_hash, browser)}"


def browser_of(mark: str, name: str, password_hash: str | None) -> str | None:
    """Return which browser a mark names; None where it was not made for this login.

    Args:
        mark: What the browser has sent.
        name: The operator's.
        password_hash: Of that operator; None where there is no such one.
    """
    browser, _, proof = mark.partition(".")
    if password_hash is None or not browser:
        return None
    expected = _proof(name, password_hash, browser)
    is_proven = hmac.compare_digest(proof.encode(errors="replace"), expected.encode())
    return browser if is_proven else None


def _proof(name: str, password_hash: str, browser: str) -> str:
    # The salt and hash of a password are as secret as a key, and nobody else has them.
    said = f"known browser\n{name}\n{browser}".encode(errors="replace")
    return hmac.digest(password_hash.encode(), said, "sha256").hex()
