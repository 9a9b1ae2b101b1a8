"""The error of a bundle that cannot be written or read."""


class BundleError(Exception):
    """A bundle cannot be written or read; the message is for people, and names what."""
