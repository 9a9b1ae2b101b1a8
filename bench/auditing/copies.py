"""Copies of histories with new ids, newly signed and encrypted, so that each verifies.

A copy differs from its original in the ids of order and run, and so in each signature
and each encrypted payload; to replay and verify it is as much work as the original.
"""

import asyncio
import base64
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from temporalio.api.common.v1 import Payload

from alipay.messages import Message
from alipay.signing import sign
from codec.keyring import Keyring
from codec.payload_codec import EncryptingCodec

CHUNK = 50
SIGNED = {"method", "path", "client_id", "time", "signature", "body"}


@dataclass(frozen=True)
class Copyists:
    """The inputs of copying; keys as files, because other processes read them."""

    merchant_key: Path
    alipay_key: Path
    payload_keys: Path


class Original:
    """A history, its payloads decrypted once."""

    def __init__(self, text: str, codec: EncryptingCodec) -> None:
        self._content = json.loads(text)
        self._payloads: list[Payload] = []
        self._take_payloads_out(self._content)
        self._payloads = asyncio.run(codec.decode(self._payloads))
        start = self._content["events"][0]["workflowExecutionStartedEventAttributes"]
        self._run_id: str = start["originalExecutionRunId"]
        self._order_id: str = start["workflowId"].partition(":")[2]

    def copy(self, order_id: str, keys: "Keys") -> str:
        """Return the same history for another order."""
        names = {self._order_id: order_id, self._run_id: str(uuid4())}
        payloads = [
            Payload(metadata=one.metadata, data=keys.renamed(one.data, names))
            for one in self._payloads
        ]
        encrypted = asyncio.run(keys.codec.encode(payloads))
        text = json.dumps(self._content)
        for old, new in names.items():
            text = text.replace(old, new)
        copy = json.loads(text)
        _put_back(copy, iter(encrypted))
        return json.dumps(copy)

    def _take_payloads_out(self, part: Any) -> None:  # noqa: ANN401 - JSON
        for payload in _payloads_in(part):
            self._payloads.append(
                Payload(
                    metadata={
                        name: base64.b64decode(value)
                        for name, value in payload["metadata"].items()
                    },
                    data=base64.b64decode(payload.get("data", "")),
                )
            )


class Keys:
    """The private keys of both sides, and of the payloads."""

    def __init__(self, copyists: Copyists) -> None:
        self._signers = {
            "request": _private_key(copyists.merchant_key),
            "answer": _private_key(copyists.alipay_key),
            "evidence": _private_key(copyists.alipay_key),
        }
        self.codec = EncryptingCodec(Keyring.load(copyists.payload_keys))

    def renamed(self, data: bytes, names: dict[str, str]) -> bytes:
        """Replace names, and renew the signature."""
        for old, new in names.items():
            data = data.replace(old.encode(), new.encode())
        if b'"signature"' not in data:
            return data
        content = json.loads(data)
        self._sign(content, "")
        return json.dumps(content).encode()

    def _sign(self, part: Any, name: str) -> None:  # noqa: ANN401 - JSON
        if isinstance(part, list):
            for one in part:
                self._sign(one, name)
        if not isinstance(part, dict):
            return
        if part.keys() >= SIGNED and part["signature"]:
            body = part["body"].encode()
            message = Message(
                part["method"], part["path"], part["client_id"], part["time"], body
            )
            part["signature"] = sign(message, self._signers[name], key_version=1)
        for key, value in part.items():
            self._sign(value, key)


def copies(
    originals: list[tuple[str, int]], count: int, copyists: Copyists
) -> Iterator[tuple[str, bytes]]:
    """Yield histories, mixed by the originals' shares, made on all cores."""
    kinds = [text for text, share in originals for _ in range(share)]
    numbers = range(0, count, CHUNK)
    with ProcessPoolExecutor(
        mp_context=get_context("spawn"),
        initializer=_prepare,
        initargs=(kinds, copyists),
    ) as pool:
        for made in pool.map(_make, numbers, [count] * len(numbers)):
            for number, text in made:
                yield f"copy {number}", text.encode()


_KINDS: list[Original] = []
_KEYS: list[Keys] = []


def _prepare(kinds: list[str], copyists: Copyists) -> None:
    keys = Keys(copyists)
    originals = {text: Original(text, keys.codec) for text in set(kinds)}
    _KINDS[:] = [originals[text] for text in kinds]
    _KEYS[:] = [keys]


def _make(first: int, count: int) -> list[tuple[int, str]]:
    [keys] = _KEYS
    # A stride that takes every kind in each hundred, and no kind twice in a row.
    return [
        (number, _KINDS[number * 37 % len(_KINDS)].copy(f"audit-{number:06}", keys))
        for number in range(first, min(first + CHUNK, count))
    ]


def _payloads_in(part: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield each encrypted payload, in document order."""
    if isinstance(part, list):
        for one in part:
            yield from _payloads_in(one)
    elif isinstance(part, dict):
        if "encryption-key-id" in part.get("metadata", ()):
            yield part
            return
        for one in part.values():
            yield from _payloads_in(one)


def _put_back(content: Any, payloads: Iterator[Payload]) -> None:  # noqa: ANN401 - JSON
    for place in _payloads_in(content):
        payload = next(payloads)
        place["metadata"] = {
            name: base64.b64encode(value).decode()
            for name, value in payload.metadata.items()
        }
        place["data"] = base64.b64encode(payload.data).decode()


def _private_key(file: Path) -> RSAPrivateKey:
    key = load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    return key
