"""The folder of a local system: keys, database, logs."""

import base64
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from api.callers.keys import ApiKey, Scope, changing, new_key
from cashier.system.ports import Ports
from cashier.system.private_files import make_private_folder
from codec.keyring import Keyring, make_key
from codec.server.operators import add_operator, new_password

# The local merchant's client id at the simulated Alipay; `SANDBOX_` chooses the sandbox
# path, so a misdirected request could never be a real one.
CLIENT_ID = "SANDBOX_5YDEMO0000000000"
# The operator who may read payments in the local Temporal UI.
OPERATOR = "operator"
# The field beside the ports in the file of the last start.
CLUSTER = "cluster"
# The name of the local API key, which has all scopes.
LOCAL_SHOP = "local-shop"
# The login of the local shop's back office, and the name of its key for refunds.
SHOPKEEPER = "shopkeeper"
BACK_OFFICE = "local-back-office"


@dataclass(frozen=True)
class LocalKey:
    """An API key in clear text: its file, its name, and its scopes."""

    file: Path
    name: str
    scopes: tuple[Scope, ...] = tuple(Scope)


class Home:
    """The files of one local system; only their owner can read secrets."""

    def __init__(self, folder: Path) -> None:
        # Absolute: the processes have another working directory.
        self.folder = folder = folder.absolute()
        # The working directory of the processes: it has no `.env` and no
        # `temporal.toml`.
        self.empty_folder = folder / "empty"
        self.database = folder / "temporal.sqlite"
        self.simulator_state = folder / "simulator.jsonl"
        self.logs = folder / "logs"
        # The ports of the last start, for `cashier doctor`.
        self.ports_file = folder / "ports.json"
        # The settings of an operator's commands, to source in another terminal.
        self.settings_file = folder / "settings.sh"
        self.merchant_key = folder / "keys" / "merchant.pem"
        self.alipay_keys = folder / "keys" / "alipay"
        # For the demo in which the worker lacks a key that it had.
        self.alipay_keys_moved_away = folder / "keys" / "alipay-moved-away"
        # The API key for people and the local shop, and the API's file of hashes.
        self.api_key = folder / "keys" / "api-key"
        self.api_keys = folder / "keys" / "api-keys"
        self.callback_secrets = folder / "keys" / "callback-secrets"
        self.shop_orders = folder / "shop.sqlite"
        # Secrets of the shop's back office.
        self.refund_key = folder / "keys" / "back-office-api-key"
        self.staff = folder / "keys" / "staff"
        self.staff_password = folder / "keys" / "staff-password"
        self.payload_keys = folder / "keys" / "payloads"
        self.operators = folder / "keys" / "operators"
        self.operator_password = folder / "keys" / "operator-password"
        self.simulator_key = folder / "simulator-keys" / "alipay.pem"
        self.simulator_merchants = folder / "simulator-keys" / "merchants"

    def prepare(self) -> None:
        """Create missing files; existing ones stay, so that payments continue."""
        for folder in (self.folder, self.logs, self.empty_folder):
            make_private_folder(folder)
        self.close_to_others()
        if not self.merchant_key.exists():
            merchant = make_private_key(self.merchant_key)
            write_public_key(merchant, self.simulator_merchants / f"{CLIENT_ID}.pem")
        if not self.simulator_key.exists():
            alipay = make_private_key(self.simulator_key)
            write_public_key(alipay, self.alipay_keys / "1.pem")
        refunding = (Scope.READ, Scope.REFUND)
        prepare_api_keys(
            self.api_keys,
            LocalKey(self.api_key, LOCAL_SHOP),
            LocalKey(self.refund_key, BACK_OFFICE, refunding),
        )
        if not self.callback_secrets.exists():
            write_secret(self.callback_secrets, new_callback_secret().encode())
        # Only names without a leading dot: macOS leaves `._name` beside copied files.
        if not any(self.payload_keys.glob("[!.]*.key")):
            make_key(self.payload_keys, begins=datetime.now(UTC))
        prepare_login(self.operators, self.operator_password, OPERATOR)
        prepare_login(self.staff, self.staff_password, SHOPKEEPER)

    def remember(self, ports: Ports, cluster: str | None = None) -> None:
        """Store the ports, and the address of the cluster in use."""
        kept = {**asdict(ports), **({CLUSTER: cluster} if cluster else {})}
        self.ports_file.write_text(json.dumps(kept), "utf-8")

    def ports(self) -> Ports:
        """Return the ports of the last start; the defaults if unknown."""
        try:
            kept = self._remembered().items()
            return Ports(**{name: port for name, port in kept if name != CLUSTER})
        except TypeError:
            return Ports()

    def cluster(self) -> str | None:
        """Return the cluster of the last start; None if it started its own."""
        return self._remembered().get(CLUSTER)

    def _remembered(self) -> dict[str, Any]:
        try:
            kept: dict[str, Any] = json.loads(self.ports_file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return kept

    def close_to_others(self) -> None:
        """Let only the owner read databases and logs: they contain purchases."""
        for pattern in ("*.sqlite", "*.sqlite-*", self.simulator_state.name, "logs/*"):
            for file in self.folder.glob(pattern):
                file.chmod(0o600)

    @property
    def keyring(self) -> Keyring:
        """The payload keys, once prepared."""
        return Keyring.load(self.payload_keys)

    def environment(self, ports: Ports, cluster: str | None = None) -> dict[str, str]:
        """Return the settings of all processes of the system.

        Args:
            ports: The ports of the processes.
            cluster: Address of a running Temporal; None where the system starts its
                own.
        """
        return {
            "TEMPORAL_ADDRESS": cluster or f"127.0.0.1:{ports.temporal}",
            "CASHIER_CLIENT_ID": CLIENT_ID,
            "CASHIER_PRIVATE_KEY_FILE": str(self.merchant_key),
            "CASHIER_ALIPAY_KEYS_DIR": str(self.alipay_keys),
            "CASHIER_ALIPAY_HOST": ports.simulator_url,
            "CASHIER_PAYLOAD_KEYS_DIR": str(self.payload_keys),
            # Explicit, so that no default can undo it.
            "CASHIER_CLEAR_TEXT": "false",
            "CASHIER_CODEC_PORT": str(ports.codec),
            "CASHIER_CODEC_URL": ports.codec_url,
            "CASHIER_CODEC_UI_ORIGINS": ports.ui_url,
            "CASHIER_CODEC_OPERATORS_FILE": str(self.operators),
            "CASHIER_RUNBOOK_URL": f"{ports.codec_url}/runbook",
            "CASHIER_NOTIFY_URL": f"{ports.api_url}/alipay/notifications/payment",
            # The shop of a local system runs on this machine, too.
            "CASHIER_CALLBACK_PRIVATE_ADDRESSES": "true",
            "CASHIER_API_KEYS_FILE": str(self.api_keys),
            "CASHIER_API_PORT": str(ports.api),
            # The first worker gets the port; further ones run without metrics.
            "CASHIER_METRICS_ADDRESS": f"127.0.0.1:{ports.metrics}",
            "CASHIER_API_METRICS_ADDRESS": f"127.0.0.1:{ports.api_metrics}",
            "CASHIER_SETTLEMENT_CURRENCY": "USD",
            "SIMULATOR_PRIVATE_KEY_FILE": str(self.simulator_key),
            "SIMULATOR_MERCHANTS_DIR": str(self.simulator_merchants),
            "SIMULATOR_PORT": str(ports.simulator),
            "SIMULATOR_BASE_URL": ports.simulator_url,
            "SIMULATOR_STATE_FILE": str(self.simulator_state),
            # As set in Alipay's dashboard; the URL in a call of `refund` takes
            # precedence.
            "SIMULATOR_REFUND_NOTIFY_URL": (
                f"{ports.api_url}/alipay/notifications/payment"
            ),
        }

    def shop_environment(self, ports: Ports) -> dict[str, str]:
        """Return the settings that the demo shop adds: it receives callbacks."""
        return {
            "CASHIER_CALLBACK_URL": f"{ports.shop_url}/webhooks/cashier",
            "CASHIER_CALLBACK_SECRETS_FILE": str(self.callback_secrets),
            "STOREFRONT_API_URL": ports.api_url,
            "STOREFRONT_API_KEY_FILE": str(self.api_key),
            "STOREFRONT_CALLBACK_SECRETS_FILE": str(self.callback_secrets),
            "STOREFRONT_REFUND_KEY_FILE": str(self.refund_key),
            "STOREFRONT_STAFF_FILE": str(self.staff),
            "STOREFRONT_DATABASE": str(self.shop_orders),
            "STOREFRONT_PORT": str(ports.shop),
            "STOREFRONT_BASE_URL": ports.shop_url,
        }


def new_callback_secret() -> str:
    """Return a secret in the form of the Standard Webhooks specification."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def make_private_key(path: Path) -> RSAPrivateKey:
    """Make an RSA key of Alipay's size (docs/protocol.md 1.5), and store it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_secret(path, text)
    return key


def write_public_key(key: RSAPrivateKey, path: Path) -> None:
    """Store the public key of a pair in a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def prepare_api_keys(hashed: Path, *wanted: LocalKey) -> None:
    """Create API keys in files of their own, with their hashes in the API's.

    Where the key's file and the API's file exist, nothing is changed: a key that was
    removed on purpose must not come back.

    Raises:
        ApiKeysError: An existing key could be guessed, or the file of hashes is
            malformed.
    """
    had_hashes = hashed.exists()
    for one in wanted:
        if had_hashes and one.file.exists():
            continue
        if not one.file.exists():
            write_secret(one.file, new_key().encode())
        clear = one.file.read_text().strip()
        with changing(hashed) as keys:
            keys[:] = [key for key in keys if key.name != one.name]
            keys.append(ApiKey.of(clear, name=one.name, scopes=one.scopes))


def prepare_login(hashed: Path, password_file: Path, name: str) -> None:
    """Create a login, with the password in a file of its own.

    Nothing is changed where the file of logins exists.
    """
    if hashed.exists():
        return
    password = new_password()
    password_file.unlink(missing_ok=True)
    write_secret(password_file, password.encode())
    add_operator(hashed, name, password)


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read; the file must not exist yet.

    Raises:
        FileExistsError: A secret is never overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
