"""The parser of Alipay's JSON rejects texts that two parsers could read differently."""

import json

import pytest

from alipay.strict_json import MOST_LEVELS, read_object


def nested(levels: int) -> bytes:
    """Return an object of so many levels, itself counted."""
    inner = levels - 1
    return b'{"x":' + b"[" * inner + b"]" * inner + b"}"


REFUSED = {
    "nothing": b"",
    "blanks": b"  ",
    "cut": b'{"a":1',
    "two objects": b"{}{}",
    "a list": b"[{}]",
    "null": b"null",
    "text": b'"{}"',
    "a doubled key": b'{"a":1,"a":1}',
    "a doubled key further in": b'{"a":[{"b":1,"b":2}]}',
    "a key doubled by an escape": b'{"a":1,"\\u0061":2}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "not UTF-8": b'{"a":"\xff"}',
    "half a character in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "5,000 digits": b'{"a":' + b"1" * 5000 + b"}",
    "one level too many": nested(MOST_LEVELS + 1),
    "100,000 levels": b'{"a":' * 100_000,
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_a_text_that_is_not_one_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has words of its own
        read_object(body)


def test_an_object_is_read_as_it_stands() -> None:
    body = '{"a": [1, "é😀", {"b": null}], "c": "\\ud83d\\ude00"}'
    assert read_object(body.encode()) == json.loads(body)
    assert read_object(nested(MOST_LEVELS)).keys() == {"x"}


def test_half_a_character_is_replaced_wherever_it_stands() -> None:
    read = read_object(
        b'{"a\\ud83d": ["Mar\\ud83d***", {"\\udfff": "\\ude00\\ud83d"}]}'
    )
    assert read == {"a\ufffd": ["Mar\ufffd***", {"\ufffd": "\ufffd\ufffd"}]}
    json.dumps(read, ensure_ascii=False).encode()  # Temporal and logs can carry it
