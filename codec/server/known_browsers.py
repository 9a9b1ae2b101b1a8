"""Known browsers, which an attacker's failed logins do not lock out.

A device cookie, as OWASP describes it against lockouts:
https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
It gives no access: the password is still needed. The server does not store it; it is
verified with the hash of the operator's password, so that it survives a restart of the
server and becomes invalid with the password.
"""

import hmac
import secrets

# Longer than a vacation; after that the browser counts as unknown.
LIFE_SECONDS = 90 * 24 * 3600


def new_mark(name: str, password_hash: str) -> str:
    """Return a new mark for a browser, which is known by it from now on."""
    browser = secrets.token_urlsafe(12)
    return f"{browser}.{_proof(name, password_hash, browser)}"


def browser_of(mark: str, name: str, password_hash: str | None) -> str | None:
    """Return the browser of a mark; None where it was not made for this login.

    Args:
        mark: The mark that the browser has sent.
        name: The operator's name.
        password_hash: The hash of that operator's password; None for an unknown
            operator.
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
