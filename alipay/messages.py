"""Signed messages, and the exchange of a call and its answer, which is the proof."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """The signed parts; the same five in requests, responses and notifications.

    Attributes:
        method: The HTTP method, `POST` everywhere in this protocol.
        path: The path only: no scheme, no host, no query.
        client_id: The `Client-Id` header.
        time: The `Request-Time` or `Response-Time` header: opaque text, never parsed.
        body: The bytes as sent or received, never serialised again.
    """

    method: str
    path: str
    client_id: str
    time: str
    body: bytes

    def to_sign(self) -> bytes:
        """Return `<METHOD> <PATH>`, a line feed, `<Client-Id>.<Time>.<Body>`."""
        head = f"{self.method} {self.path}\n{self.client_id}.{self.time}."
        return head.encode() + self.body


@dataclass(frozen=True)
class Signed:
    """A message with its `Signature` header; empty where it came without one."""

    message: Message
    signature: str = ""


@dataclass(frozen=True)
class Exchange:
    """One call to Alipay: our request, and the answer, which proves the verdict."""

    request: Signed
    answer: Signed
