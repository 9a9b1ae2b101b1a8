"""A call and its answer as both were signed: what proves what was asked and said."""

from dataclasses import dataclass

from alipay.signing import Message


@dataclass(frozen=True)
class Signed:
    """A message with its `Signature` header; empty where it came without one."""

    message: Message
    signature: str = ""


@dataclass(frozen=True)
class Exchange:
    """One call to Alipay: our request, and the answer that a verdict rests on."""

    request: Signed
    answer: Signed
