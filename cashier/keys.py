"""Makes the keys of a new merchant."""

import secrets
from pathlib import Path

from rich.console import Console

from alipay.keys import one_line_public_key
from cashier.home import make_private_key, new_callback_secret, write_secret


def make_keys(folder: Path, console: Console) -> None:
    """Write merchant.pem, api-key and callback-secrets; print the public half.

    Raises:
        FileExistsError: One is there already; keys are never overwritten.
    """
    merchant, api_key = folder / "merchant.pem", folder / "api-key"
    callbacks = folder / "callback-secrets"
    for path in (merchant, api_key, callbacks):
        if path.exists():
            raise FileExistsError(17, "exists", str(path))
    key = make_private_key(merchant)
    write_secret(api_key, secrets.token_urlsafe(32).encode())
    write_secret(callbacks, new_callback_secret().encode())
    console.print(f"Private key:  {merchant}  (CASHIER_PRIVATE_KEY_FILE)")
    console.print(f"API key:      {api_key}  (CASHIER_API_KEY_FILE)")
    console.print(
        f"Callbacks:    {callbacks}  (CASHIER_CALLBACK_SECRETS_FILE), the shop's too"
    )
    console.print("\nPublic key, to be pasted into Alipay's dashboard:\n")
    console.print(
        one_line_public_key(key.public_key()), soft_wrap=True, highlight=False
    )
