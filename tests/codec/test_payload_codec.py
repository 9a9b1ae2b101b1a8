"""Encryption: nothing readable goes out, and nothing changed comes back unnoticed."""

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError

from codec.keyring import MissingKeyError
from codec.payload_codec import EncryptingCodec, UnreadablePayloadError
from temporal_client import DATA_CONVERTER, data_converter
from tests.builders import an_order
from tests.codec.keys import (
    KEYS,
    NEW,
    NEW_TIME,
    OLD,
    OLD_TIME,
    Clocks,
    a_payload,
    a_ring,
)

CODEC = EncryptingCodec(a_ring())
OLD_CODEC = EncryptingCodec(a_ring({OLD: KEYS[OLD]}, clocks=Clocks(OLD_TIME)))


async def encrypted(payload: Payload | None = None) -> Payload:
    [text] = await CODEC.encode([payload or a_payload()])
    return text


async def test_what_is_encrypted_is_read_again() -> None:
    payloads = [a_payload(), a_payload(b"another")]
    assert await CODEC.decode(await CODEC.encode(payloads)) == payloads


async def test_nothing_readable_is_left() -> None:
    text = await encrypted()
    assert text.metadata["encoding"] == b"binary/encrypted"
    assert text.metadata["encryption-key-id"] == NEW.encode()
    assert set(text.metadata) == {"encoding", "encryption-key-id"}
    assert b"canary" not in text.SerializeToString()
    # The type, too: a payload of null could else be told from others.
    assert b"json/plain" not in text.SerializeToString()


async def test_equal_payloads_become_different_texts() -> None:
    assert (await encrypted()).data != (await encrypted()).data


@pytest.mark.parametrize("size", [0, 1, 5 * 1024 * 1024])
async def test_payloads_of_any_size_are_encrypted(size: int) -> None:
    payload = a_payload(b"\x00" * size)
    assert await CODEC.decode([await encrypted(payload)]) == [payload]


async def test_no_payloads_stay_none() -> None:
    assert await CODEC.encode([]) == []
    assert await CODEC.decode([]) == []


async def test_clear_payloads_from_before_stay_readable() -> None:
    assert await CODEC.decode([a_payload()]) == [a_payload()]


async def test_what_an_old_key_has_written_stays_readable() -> None:
    assert await CODEC.decode(await OLD_CODEC.encode([a_payload()])) == [a_payload()]


async def test_a_missing_key_is_named() -> None:
    text = await CODEC.encode([a_payload()])
    with pytest.raises(MissingKeyError, match=NEW):
        await OLD_CODEC.decode(text)


async def test_another_key_of_the_same_name_is_noticed() -> None:
    other = EncryptingCodec(a_ring({NEW: b"x" * 32}, clocks=Clocks(NEW_TIME)))
    with pytest.raises(UnreadablePayloadError, match=NEW):
        await other.decode([await encrypted()])


@pytest.mark.parametrize("position", [0, 11, 12, 40, -1])
async def test_a_single_changed_bit_is_noticed(position: int) -> None:
    text = await encrypted()
    data = bytearray(text.data)
    data[position] ^= 1
    text.data = bytes(data)
    with pytest.raises(UnreadablePayloadError, match=f"{NEW}.*was changed"):
        await CODEC.decode([text])


async def test_a_changed_key_id_is_noticed() -> None:
    # Even where both ids stand for the same key.
    same = EncryptingCodec(a_ring({OLD: b"s" * 32, NEW: b"s" * 32}))
    [text] = await same.encode([a_payload()])
    text.metadata["encryption-key-id"] = OLD.encode()
    with pytest.raises(UnreadablePayloadError, match=OLD):
        await same.decode([text])


@pytest.mark.parametrize("length", [0, 11, 12, 27])
async def test_a_cut_payload_is_noticed(length: int) -> None:
    text = await encrypted()
    text.data = text.data[:length]
    with pytest.raises(UnreadablePayloadError, match=NEW):
        await CODEC.decode([text])


@pytest.mark.parametrize("key_id", [b"", b"\xff\xfe", b"k" * 10_000])
async def test_an_odd_key_id_is_answered_with_a_short_error(key_id: bytes) -> None:
    text = await encrypted()
    text.metadata["encryption-key-id"] = key_id
    with pytest.raises(MissingKeyError) as missing:
        await CODEC.decode([text])
    assert len(str(missing.value)) < 200


async def test_an_error_shows_nothing_of_the_payload() -> None:
    text = await encrypted()
    text.data = text.data[:-1] + b"!"
    with pytest.raises(UnreadablePayloadError) as error:
        await CODEC.decode([text])
    assert "canary" not in str(error.value)
    assert error.value.key_id == NEW


async def test_contracts_go_through_the_converter_unchanged() -> None:
    order, converter = an_order(), data_converter(a_ring())
    [text] = await converter.encode([order])
    assert order.order_id.encode() not in text.data
    assert await converter.decode([text], [type(order)]) == [order]


async def test_of_a_failure_only_the_type_stays_readable() -> None:
    converter = data_converter(a_ring())
    failure = (await _failure_of(converter)).SerializeToString()
    assert b"canary" not in failure
    assert b"test_payload_codec" not in failure  # the stack trace
    assert b"NoVerdict" in failure
    assert b"canary" in (await _failure_of(DATA_CONVERTER)).SerializeToString()


async def _failure_of(converter: DataConverter) -> Failure:
    failure = Failure()
    try:
        raise ApplicationError("canary message", "canary detail", type="NoVerdict")
    except ApplicationError as error:
        await converter.encode_failure(error, failure)
    return failure


async def test_a_failure_is_read_again_with_its_message() -> None:
    converter = data_converter(a_ring())
    error = await converter.decode_failure(await _failure_of(converter))
    assert str(error) == "NoVerdict: canary message"
    assert isinstance(error, ApplicationError)
    assert error.details == ("canary detail",)


def test_without_keys_the_converter_is_the_clear_one() -> None:
    assert data_converter(None) is DATA_CONVERTER
