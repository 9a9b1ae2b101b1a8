"""What keeps a bundle from being written or read."""


class BundleError(Exception):
    """A bundle cannot be written or read; the message is for people, and names what."""
