"""The developer's environment, which must not change the result of a test."""

import os

# Settings of ours and of the libraries that we use.
SETTINGS = ("CASHIER_", "STOREFRONT_", "SIMULATOR_", "TEMPORAL_", "OTEL_")
# Set on purpose, for the tests themselves.
FOR_TESTS = {
    "CASHIER_BROWSER_TESTS",
    "CASHIER_KUBERNETES_TESTS",
    "CASHIER_NGINX_TESTS",
    "CASHIER_NODE_TESTS",
    "CASHIER_PICTURES",
    "CASHIER_SDK_TESTS",
    "CASHIER_UPGRADE_TESTS",
    "TEMPORAL_CLI_PATH",
}
# X one to install packages.
PROXIES = {
    "http_proxy": "npm_config_proxy",
    "https_proxy": "npm_config_https_proxy",
    "no_proxy": "npm_config_noproxy",
    "all_proxy": None,
}


def forget_settings() -> None:
    """Take settings and proxies out of this process's environment."""
    for name, value in list(os.environ.items()):
        if name.lower() in PROXIES:
            del os.environ[name]
            if of_npm := PROXIES[name.lower()]:
                os.environ.setdefault(of_npm, value)
        elif name.startswith(SETTINGS) and name not in FOR_TESTS:
            del os.environ[name]
    # An empty file: without the name, `temporal.toml` of the home directory is read.
    os.environ["TEMPORAL_CONFIG_FILE"] = os.devnull
