"""Broken notifications: what is wrong with each is its name."""

import json
from collections.abc import Iterator

from api.notifications.verification import LARGEST_BODY
from tests.api.running import paid_notification
from tests.samples.reading import changed, sample

# Instead of a JSON string; numbers may stand for strings and are not among them.
NO_STRINGS: dict[str, object] = {
    "a boolean": True,
    "an array": ["x"],
    "an object": {"x": "y"},
    "nothing": None,
}
# Without these a success proves nothing; with an odd value it is as if it lacked them.
OF_PROOF = ("paymentId", "result.resultCode", "result.resultStatus")
# Without these nobody knows that a payment of ours is meant.
OF_THE_PAYMENT = ("notifyType", "paymentRequestId")
# Only information: written oddly, it must not hide that money moved.
INFORMATION = (
    "result.resultMessage",
    "paymentTime",
    "paymentCreateTime",
    "grossSettlementAmount",
    "grossSettlementAmount.value",
    "settlementQuote",
    "settlementQuote.quoteId",
    "settlementQuote.quotePrice",
)
NO_AMOUNTS: dict[str, object] = {
    "true": True,
    "false": False,
    "nothing": None,
    "a negative number": -131400,
    "negative digits": "-131400",
    "digits with a plus": "+131400",
    "17 digits": "1" * 17,
    "a thousand digits": "1" * 1000,
    "a fraction": 131400.5,
    "a whole fraction": 131400.0,
    "digits with a point": "131400.00",
    "digits with an exponent": "1e5",
    "digits with a blank": " 131400",
    "digits with an underscore": "131_400",
    "no digits": "",
    "digits of another script": "\N{ARABIC-INDIC DIGIT ONE}" * 6,
    "hexadecimal digits": "0x20148",
    "an array": ["131400"],
    "an object": {"value": "131400"},
}
# As bytes of JSON, with ORDER for an order that is known.
NO_IDS: dict[str, bytes] = {
    "without an attempt": b"ORDER",
    "with attempt 0": b"ORDER_0",
    "with attempt 00": b"ORDER_00",
    "with attempt 01": b"ORDER_01",
    "with attempt 001": b"ORDER_001",
    "with attempt -1": b"ORDER_-1",
    "with attempt +1": b"ORDER_+1",
    "with attempt 1.0": b"ORDER_1.0",
    "with attempt 1e0": b"ORDER_1e0",
    "with attempt one": b"ORDER_one",
    "with no attempt": b"ORDER_",
    "with an Arabic attempt": "ORDER_\N{ARABIC-INDIC DIGIT ONE}".encode(),
    "with a superscript attempt": "ORDER_\N{SUPERSCRIPT ONE}".encode(),
    "with a wide attempt": "ORDER_\N{FULLWIDTH DIGIT ONE}".encode(),
    "with a blank behind": b"ORDER_1 ",
    "with a line feed behind": b"ORDER_1\\n",
    "with a NUL behind": b"ORDER_1\\u0000",
    "with a blank before": b" ORDER_1",
    "with a NUL inside": b"ORDER\\u0000_1",
    "with a line feed inside": b"ORDER\\n_1",
    "with half a character": b"ORDER\\ud800_1",
    "of a path": b"../ORDER_1",
    "of a deep path": b"../../../../etc/passwd_1",
    "of a URL": b"http://169.254.169.254/ORDER_1",
    "of a percent sign": b"ORDER%5F1_1",
    "of a workflow": b"payment:ORDER_1",
    "of a late payment": b"late-payment:ORDER_1",
    "of an empty order": b"_1",
    "that is empty": b"",
    "of a 61st character": b"a" * 61 + b"_1",
    "of 10 kB": b"a" * 10_000 + b"_1",
    "of a 999-character order": b"a" * 999 + b"_1",
}


def malformed(order_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield what Alipay may sign and is not one JSON object; each with its name."""
    sound = paid_notification(order_id)
    text = sound.decode()
    yield "an empty body", b""
    yield "only blanks", b" " * 1000
    yield "a body cut in the middle", sound[: len(sound) // 2]
    yield "a body twice", sound + sound
    yield "a body in an array", b"[" + sound + b"]"
    yield "a body in a string", json.dumps(text).encode()
    yield "null", b"null"
    yield "a number", b"131400"
    yield "a form", b"paymentRequestId=x_1&notifyType=PAYMENT_RESULT"
    yield "XML", b"<?xml version='1.0'?><notification/>"
    yield "a comment", b"/* */" + sound
    yield "a comma too many", sound[:-1] + b",}"
    yield "single quotes", sound.replace(b'"', b"'")
    yield "10,000 arrays", b"[" * 10_000 + b"]" * 10_000
    yield "10,000 objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000
    deep = b"[" * 10_000 + b"]" * 10_000
    yield "10,000 arrays in a field", sound[:-1] + b',"x":' + deep + b"}"
    yield "invalid UTF-8", sound.replace(b"PAYMENT_RESULT", b"PAYMENT\xff")
    yield "invalid UTF-8 in a field unknown", sound[:-1] + b',"x":"\xff"}'
    yield "half a character in UTF-8", sound[:-1] + b',"x":"\xed\xa0\x80"}'
    yield "an overlong zero", sound[:-1] + b',"x":"\xc0\x80"}'
    yield "a byte order mark", b"\xef\xbb\xbf" + sound
    yield "UTF-16", text.encode("utf-16")
    yield "UTF-16 without a mark", text.encode("utf-16-le")
    yield "UTF-32", text.encode("utf-32")
    yield "latin-1", sound[:-1] + ',"x":"é"}'.encode("latin-1")
    yield "a NUL before", b"\x00" + sound
    yield "a NUL behind", sound + b"\x00"
    yield "a NUL inside", sound.replace(b"PAYMENT_RESULT", b"PAYMENT_RESULT\x00")
    yield "a line feed in a string", sound.replace(b"PAYMENT_RESULT", b"PAYMENT\r\n")
    yield "headers before the body", b"Content-Type: text/plain\r\n\r\n" + sound
    for number in (b"NaN", b"Infinity", b"-Infinity"):
        yield (
            f"{number.decode()} in a field unknown",
            sound[:-1] + b',"x":' + number + b"}",
        )
    yield "a number of 5,000 digits", sound[:-1] + b',"x":' + b"1" * 5000 + b"}"
    for name in ("paymentRequestId", "paymentAmount", "result", "notifyType"):
        value = json.dumps(json.loads(sound)[name]).encode()
        again = f',"{name}":'.encode() + value + b"}"
        yield f"{name} twice, and equal", sound[:-1] + again
    yield (
        "two amounts in one",
        sound.replace(b'"value": "131400"', b'"value": "1", "value": "131400"'),
    )
    for number in (b"NaN", b"Infinity", b"1" * 5000):
        body = sound.replace(b'"value": "131400"', b'"value": ' + number)
        yield f"{number[:9].decode()} as an amount", body
    yield "a field unknown that comes twice", sound[:-1] + b',"x":{"y":1,"y":2}}'


def not_of_ours(order_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield objects that name no payment of ours as what they are about."""
    sound = paid_notification(order_id)
    yield "an empty object", b"{}"
    for name in ("60", "61", "62"):
        yield f"sample {name}", sample(name)
    for field in OF_THE_PAYMENT:
        for kind, value in NO_STRINGS.items():
            yield f"{kind} as {field}", with_field(sound, field, value)
    yield "half a type", with_field(sound, "notifyType", "PAYMENT_RESULT\ud800")
    known, order = f"{order_id}_1".encode(), order_id.encode()
    for name, broken in NO_IDS.items():
        yield f"an id {name}", sound.replace(known, broken.replace(b"ORDER", order))


def incomplete(order_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield successes that lack a part of the proof, but not the money."""
    sound = paid_notification(order_id)
    for field in OF_PROOF:
        for kind, value in NO_STRINGS.items():
            yield f"{kind} as {field}", with_field(sound, field, value)
    for kind, value in {"a string": "x", "an array": [], "a number": 1}.items():
        yield f"{kind} as the result", with_field(sound, "result", value)
    yield "an empty result", with_field(sound, "result", {})
    yield "no result", changed(sound, result=None)
    yield "half a payment", with_field(sound, "paymentId", "2026\ud800")
    yield "half a status", with_field(sound, "result.resultStatus", "S\ud800")


def without_money(order_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield successes that do not say, or not readably, how much was paid."""
    sound = paid_notification(order_id)
    for kind, value in NO_STRINGS.items():
        body = with_field(sound, "paymentAmount.currency", value)
        yield f"{kind} as a currency", body
    half = with_field(sound, "paymentAmount.currency", "PH\ud800")
    yield "half a currency", half
    for kind, value in {"a string": "x", "an array": [], "a number": 1}.items():
        yield f"{kind} as money", with_field(sound, "paymentAmount", value)
    yield "empty money", with_field(sound, "paymentAmount", {})
    yield "no money", changed(sound, paymentAmount=None)
    for kind, value in NO_AMOUNTS.items():
        yield f"{kind} as an amount", with_field(sound, "paymentAmount.value", value)
    for number in (b"1e999", b"-1e999", b"1e5"):
        body = sound.replace(b'"value": "131400"', b'"value": ' + number)
        yield f"{number.decode()} as an amount", body


def with_field(body: bytes, path: str, value: object) -> bytes:
    """Return the body with the field at this path, of one or two names, changed."""
    fields = json.loads(body)
    *blocks, name = path.split(".")
    inner = fields
    for block in blocks:
        inner = inner[block]
    inner[name] = value
    return json.dumps(fields).encode()


def odd(order_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield successes that are written in an unusual way and are sound nevertheless."""
    sound = paid_notification(order_id)
    pretty = json.dumps(json.loads(sound), indent=2)
    yield "CRLF between its lines", pretty.replace("\n", "\r\n").encode()
    yield "CRLF around it", b"\r\n" + sound + b"\r\n"
    yield "blanks up to the limit", sound.ljust(LARGEST_BODY)
    yield "fields unknown", changed(sound, aNewField={"deep": [[[[1, "é", "😀"]]]]})
    yield "escapes", sound.replace(b"PAYMENT", b"\\u0050AYMENT")
    yield "a number for the amount", with_field(sound, "paymentAmount.value", 131400)
    for field in INFORMATION:
        for kind, value in {"text": "x", "an array": [], "a negative": -1}.items():
            yield f"{kind} as {field}", with_field(sound, field, value)
    yield "half a character", sound[:-1] + b',"x":"\\ud800"}'
    yield "half a character in a name", sound[:-1] + b',"\\udfff":1}'
    half = "Mar\ud83d***"
    yield "half an emoji in a message", with_field(sound, "result.resultMessage", half)
    customer = changed(sound, pspCustomerInfo={"displayCustomerId": half})
    yield "half an emoji in the customer's name", customer
    yield "null where a field may lack", with_field(sound, "settlementQuote", None)
    yield "a NUL in a text", with_field(sound, "result.resultMessage", "a\x00b")
    yield "a 10 kB text", with_field(sound, "result.resultMessage", "é" * 10_000)
    yield "1e999 in a field unknown", sound[:-1] + b',"x":1e999}'
    yield (
        "our own spelling beside",
        changed(sound, payment_amount={"currency": "PHP", "value": "1"}),
    )


def doubtful(order_id: str) -> Iterator[tuple[str, bytes]]:
    """Yield what can be read and proves no payment: at most a reason to inquire."""
    sound = paid_notification(order_id)
    for kind in ("", "PAYMENT_REFUND", "payment_result", "PAYMENT_RESULT ", "\x00"):
        yield f"of type {kind!r}", changed(sound, notifyType=kind)
    for status in ("", "s", "U", "SUCCESS", "S\x00", "1"):
        yield f"of status {status!r}", with_field(sound, "result.resultStatus", status)
    yield "of another payment", changed(sound, paymentId="1")
    yield "of a payment of 10 kB", changed(sound, paymentId="1" * 10_000)
    yield (
        "of a payment 1e999",
        sound.replace(b'"paymentId": "202611240000000001"', b'"paymentId": 1e999'),
    )
    yield "of nobody's order", changed(sound, paymentRequestId="nobody-knows_1")
    yield "of an attempt to come", changed(sound, paymentRequestId=f"{order_id}_2")
