"""Makes the keys of a new merchant."""

from pathlib import Path

from rich.console import Console

from alipay.keys.rsa import one_line_public_key
from cashier.system.home import (
    LocalKey,
    make_private_key,
    new_callback_secret,
    prepare_api_keys,
    write_secret,
)

# The name of the first API key; `cashier api-keys` makes more, with fewer scopes.
SHOP = "shop"


def make_keys(folder: Path, console: Console) -> None:
    """Write merchant.pem, api-key(s) and callback-secrets; print the public key.

    Raises:
        FileExistsError: One exists; keys are never overwritten.
    """
    merchant, callbacks = folder / "merchant.pem", folder / "callback-secrets"
    api_key, api_keys = folder / "api-key", folder / "api-keys"
    for path in (merchant, api_key, api_keys, callbacks):
        if path.exists():
            raise FileExistsError(17, "exists", str(path))
    key = make_private_key(merchant)
    prepare_api_keys(api_keys, LocalKey(api_key, SHOP))
    write_secret(callbacks, new_callback_secret().encode())
    console.print(f"Private key:  {merchant}  (CASHIER_PRIVATE_KEY_FILE)")
    console.print(f"API key:      {api_key}, for the shop")
    console.print(f"Its hash:     {api_keys}  (CASHIER_API_KEYS_FILE)")
    console.print(
        f"Callbacks:    {callbacks}  (CASHIER_CALLBACK_SECRETS_FILE), the shop's too"
    )
    console.print("\nPublic key, to paste into Alipay's dashboard:\n")
    console.print(
        one_line_public_key(key.public_key()), soft_wrap=True, highlight=False
    )
