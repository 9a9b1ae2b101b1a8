"""Signs a cashier page as the simulator does, at a time that has passed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay.answers import path_of
from alipay.messages import Message, Signed
from alipay.signing import sign
from cashier.system.home import CLIENT_ID
from contracts import Cashier, Evidence, PayAnswer, PayVerdict, SignedEvidence
from translation.evidence import whole_evidence


def signed_page(
    opened: Mapping[str, Any], at: datetime, expires_at: datetime, key: RSAPrivateKey
) -> PayAnswer:
    """Return the page as Alipay has signed it: unsigned, it would not count.

    Args:
        opened: The answer of our API that opened the page.
        at: When Alipay says it.
        expires_at: Until when it can be paid.
        key: The simulator's, for Alipay's.
    """
    cashier = Cashier.model_validate(opened["cashier"])
    said = {
        "result": {
            "resultStatus": "U",
            "resultCode": "PAYMENT_IN_PROCESS",
            "resultMessage": "",
        },
        "paymentRequestId": opened["payment_request_id"],
        "paymentId": opened["payment_id"],
        f"{cashier.kind}Url": cashier.url,
    }
    message = Message(
        "POST",
        path_of("pay", CLIENT_ID),
        CLIENT_ID,
        at.isoformat(timespec="seconds"),
        json.dumps(said).encode(),
    )
    answer = whole_evidence(Signed(message, sign(message, key)))
    return PayAnswer(
        verdict=PayVerdict.OPENED,
        result_code="PAYMENT_IN_PROCESS",
        payment_id=opened["payment_id"],
        cashier=cashier,
        expires_at=expires_at,
        evidence=Evidence(request=SignedEvidence(), answer=answer),
    )
