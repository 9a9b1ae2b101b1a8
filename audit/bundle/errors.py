"""The error of a bundle that cannot be written or read."""


class BundleError(Exception):
    """A bundle cannot be written or read; the message names the file and the reason."""
