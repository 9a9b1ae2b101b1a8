"""Checks Alipay by one signed inquiry about a payment that cannot exist.

The answer proves client id, host, path and both signatures at once, and gives Alipay's
time. It moves no money, and creates nothing.
"""

import secrets
from datetime import UTC, datetime

import httpx

from alipay.errors import (
    NoVerdictError,
    RejectedError,
    UnprovenResponseError,
    UnsendableError,
)
from alipay.keys.rsa import one_line_public_key
from cashier.doctor.checks.clock import Clock, check_clock
from cashier.doctor.checks.findings import Finding, ok, wrong
from cashier.doctor.checks.running import Findings
from cashier.temporal_calls import printable
from settings.worker import WorkerSettings
from translation.answers import NOT_EXIST

SUBJECT = "alipay"
# No attempt of an order has this id: those end in `_` and a number.
IMPOSSIBLE_ID = "cashier-doctor-"
# docs/protocol.md 1.6 lists both spellings of the first.
REFUSED_SIGNATURE = ("INVALID_SIGNATURE", "SIGNATURE_INVALID")


def utc_now() -> datetime:
    return datetime.now(UTC)


async def check_alipay(
    settings: WorkerSettings, http: httpx.AsyncClient, *, now: Clock = utc_now
) -> Findings:
    """Inquire at Alipay about a payment that cannot exist.

    Args:
        settings: The client id, keys and host to use.
        http: Reaches Alipay.
        now: Our clock, to be compared with Alipay's.
    """
    client = settings.alipay_client(http)
    sent = now()
    try:
        await client.inquire_payment(f"{IMPOSSIBLE_ID}{secrets.token_hex(8)}")
    except RejectedError as refusal:
        yield _of_refusal(refusal, settings)
        if refusal.exchange and refusal.exchange.answer.signature:
            yield check_clock(refusal.exchange.answer.message.time, sent, now())
    except UnprovenResponseError as error:
        yield _wrong(
            f"the answer is not verifiably signed by Alipay ({printable(str(error))})",
            "CASHIER_ALIPAY_KEYS_DIR must hold Alipay's public key, of the version "
            "that its dashboard shows, and CASHIER_CLIENT_ID the client id shown there",
        )
    except UnsendableError as error:
        yield _wrong(
            f"the request cannot be built or sent: {printable(str(error))}",
            "check CASHIER_ALIPAY_HOST, CASHIER_PRIVATE_KEY_FILE and "
            "CASHIER_OUTGOING_PROXY",
        )
    except NoVerdictError as error:
        yield _wrong(*_of_no_verdict(error, settings))
    else:
        yield _wrong(
            "the server there knows a payment that cannot exist, so it is not Alipay",
            "CASHIER_ALIPAY_HOST must be Alipay's host for your region",
        )


def _wrong(why: str, todo: str) -> Finding:
    return wrong(SUBJECT, "call", why, todo)


def _of_refusal(refusal: RejectedError, settings: WorkerSettings) -> Finding:
    code = printable(refusal.result_code, longest=64)
    is_signed = bool(refusal.exchange and refusal.exchange.answer.signature)
    if refusal.result_code == NOT_EXIST and is_signed:
        return ok(
            SUBJECT,
            "call",
            f"{settings.alipay_host} answers a signed inquiry with "
            f"{settings.client_id}, and signs the answer: client id, host, path and "
            "keys are right",
        )
    if refusal.result_code in REFUSED_SIGNATURE:
        public = one_line_public_key(settings.private_key.public_key())
        return _wrong(
            f"Alipay refuses our signature ({code}): CASHIER_PRIVATE_KEY_FILE does "
            f"not match the public key that it has as version {settings.key_version}",
            "set CASHIER_KEY_VERSION to the version on Alipay's dashboard, or paste "
            f"this public key there: {public}",
        )
    if code.startswith("KEY_NOT_FOUND") or "CLIENT" in code:
        return _wrong(
            f"Alipay does not know the client id, or has no public key for it ({code})",
            "CASHIER_CLIENT_ID must be the client id on Alipay's dashboard, for this "
            "CASHIER_ALIPAY_HOST; paste the public key there",
        )
    if not is_signed:
        return _wrong(
            f"the answer {code} is unsigned, so it is not proven",
            "check whether something between here and Alipay answers in its place, "
            "and whether CASHIER_ALIPAY_HOST and CASHIER_CLIENT_ID are right",
        )
    return _wrong(
        f"Alipay rejects the inquiry: {code}",
        "keys and client id are right; ask Alipay which permission the merchant's "
        "account lacks",
    )


def _of_no_verdict(error: NoVerdictError, settings: WorkerSettings) -> tuple[str, str]:
    said = printable(str(error).partition(": ")[2] or str(error))
    why = f"{settings.alipay_host} does not answer as Alipay does: {said}"
    if "HTTP 4" in said or "shape" in said:
        return why, (
            "CASHIER_ALIPAY_HOST must be Alipay's host for your region: what answers "
            "there is something else"
        )
    return why, (
        "check whether this machine can reach CASHIER_ALIPAY_HOST: DNS, firewall, "
        "CASHIER_OUTGOING_PROXY; then Alipay's status page"
    )
