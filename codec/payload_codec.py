"""Encrypts each payload before it leaves the process, and decrypts incoming ones."""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from codec.clear_text import mark_clear_text
from codec.keyring import Keyring

ENCODING = b"binary/encrypted"  # the name in Temporal's own samples and tools
KEY_ID_FIELD = "encryption-key-id"
NONCE_BYTES = 12
# Associated data: cipher text for another purpose, or with another key id, is rejected.
LABEL = b"durable-cashier payload v1\n"


class UnreadablePayloadError(Exception):
    """A payload was changed, or not encrypted with the key whose id it contains."""

    def __init__(self, key_id: str, why: str) -> None:
        super().__init__(f"a payload encrypted with key {key_id!r} {why}")
        self.key_id = key_id


class EncryptingCodec(PayloadCodec):
    """AES-256-GCM with the newest key; decrypts with any key of the ring.

    Clear text is passed through when read, so that older histories stay readable. All
    work is done in the event loop: a payload takes some microseconds, and
    the largest that Temporal takes (2 MB) about a millisecond.
    """

    def __init__(self, keyring: Keyring, *, marks_clear_text: bool = False) -> None:
        """Use the keys of a ring.

        Args:
            keyring: The keys.
            marks_clear_text: Whether to mark clear text for the converter
                (`codec.clear_text`).
        """
        self._keyring = keyring
        self._marks_clear_text = marks_clear_text

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload, its metadata included.

        Raises:
            KeyringError: No key's time has come.
        """
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt the payloads; return them.

        Raises:
            MissingKeyError: The key of one is not in the ring.
            UnreadablePayloadError: One was changed.
        """
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        key_id, cipher = self._keyring.newest()
        # Random, not a counter: many processes encrypt with the same key. Safe for
        # 2**32 payloads of one key (NIST SP 800-38D 8.3).
        nonce = os.urandom(NONCE_BYTES)
        text = cipher.encrypt(nonce, payload.SerializeToString(), _bound_to(key_id))
        return Payload(
            metadata={"encoding": ENCODING, KEY_ID_FIELD: key_id.encode()},
            data=nonce + text,
        )

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return mark_clear_text(payload) if self._marks_clear_text else payload
        key_id = payload.metadata.get(KEY_ID_FIELD, b"").decode(errors="replace")
        cipher = self._keyring.cipher_of(key_id)
        nonce, text = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        if len(nonce) < NONCE_BYTES:
            raise UnreadablePayloadError(key_id, "is too short")
        try:
            return Payload.FromString(cipher.decrypt(nonce, text, _bound_to(key_id)))
        except InvalidTag:
            raise UnreadablePayloadError(
                key_id, "was changed, or the key is not the one it was encrypted with"
            ) from None
        except DecodeError:
            raise UnreadablePayloadError(key_id, "does not contain a payload") from None


def _bound_to(key_id: str) -> bytes:
    return LABEL + key_id.encode()
