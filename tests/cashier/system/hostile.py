"""A developer's environment in which every setting is wrong for a local system."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cashier.system.environment import CHECKOUT

# Nobody listens there.
DEAD = "127.0.0.1:9"
NOT_CODE = shutil.ignore_patterns(".*", "node_modules", "tests", "bench", "chaos")


class RealShop(ThreadingHTTPServer):
    """The shop in production: it keeps the path of each call."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Keeping)
        self.calls: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/callbacks"


class _Keeping(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, RealShop)
        self.server.calls.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep the test's output clean."""


@contextmanager
def real_shop() -> Iterator[RealShop]:
    with RealShop() as shop:
        serving = Thread(target=shop.serve_forever)
        serving.start()
        yield shop
        shop.shutdown()
        serving.join()


def settings_of_production(folder: Path, shop: RealShop) -> dict[str, str]:
    """What a production `.env` says, and some values that no process would take."""
    secrets = folder / "production-secrets"
    secrets.write_text(f"whsec_{'A' * 32}\n")
    return {
        "CASHIER_CALLBACK_URL": shop.url,
        "CASHIER_CALLBACK_SECRETS_FILE": str(secrets),
        "CASHIER_OUTGOING_PROXY": f"http://{DEAD}",
        "CASHIER_SECOND_PERSON_ABOVE": "nonsense",
        "CASHIER_KEY_VERSION": "nonsense",
        "CASHIER_CODEC_TOKEN_KEYS_URL": "nonsense",
        "STOREFRONT_PORT": "nonsense",
        "SIMULATOR_CLOCK_FACTOR": "nonsense",
    }


def hostile_environment(folder: Path, shop: RealShop) -> dict[str, str]:
    """Return a whole environment, without PATH."""
    broken = "address = [nonsense"
    in_home = folder / ".config" / "temporalio" / "temporal.toml"
    in_home.parent.mkdir(parents=True)
    in_home.write_text(broken)
    named = folder / "temporal.toml"
    named.write_text(broken)
    socks, http = f"socks5://{DEAD}", f"http://{DEAD}"
    proxies = {"all_proxy": socks, "http_proxy": http, "https_proxy": http}
    proxies["no_proxy"] = "nonsense"
    return {
        **settings_of_production(folder, shop),
        **proxies,
        **{name.upper(): value for name, value in proxies.items()},
        "HOME": str(folder),
        "TEMPORAL_CONFIG_FILE": str(named),
        "TEMPORAL_PROFILE": "nonsense",
        "TEMPORAL_ADDRESS": "temporal.invalid:7233",
        "TEMPORAL_NAMESPACE": "production",
        "TEMPORAL_TLS": "true",
        "TEMPORAL_API_KEY": "production",
        "OTEL_EXPORTER_OTLP_ENDPOINT": http,
        "OTEL_TRACES_SAMPLER": "nonsense",
    }


def copy_of_checkout(folder: Path) -> Path:
    """Return a copy of the code, in which a `.env` may be written."""
    copy = folder / "checkout"
    shutil.copytree(CHECKOUT, copy, ignore=NOT_CODE)
    return copy
