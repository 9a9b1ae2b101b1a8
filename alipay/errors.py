"""The errors of this package.

* AlipayError
  + RejectedError               a verdict: Alipay answered F, final for this id
  + NoVerdictError              no verdict: the money may or may not have moved
    - TrafficExceededError      ... because we ask too often: slow down
    - UnprovenResponseError     ... because the response is not provably Alipay's
  + UnsendableError             our own side cannot make or send this request at all
  + SignatureVerificationError  a message is not provably Alipay's
  + MalformedNotificationError  provably Alipay's, yet not a notification
  + KeyFormatError              a configured key cannot be read
  + MissingAlipayKeyError       a key that a payment trusts is not configured
  + WalletRuleError             a payment breaks a rule of its wallet; nothing was sent

The first two decide about money, so the line between them is drawn only here:
a time-out, a 5xx, a body that is not JSON and every U but PAYMENT_IN_PROCESS are
*no verdict*, whatever their texts say. An `UnsendableError` says nothing of the money
either, for an earlier call with the same id may have been sent; but only a person who
corrects a setting can help.
"""

from alipay.messages import Exchange


class AlipayError(Exception):
    """Base of all errors of this package."""


class RejectedError(AlipayError):
    """Alipay answered F: final for this request and its id.

    `exchange` proves it, if Alipay's answer was signed.
    """

    def __init__(
        self,
        result_code: str,
        result_message: str | None,
        exchange: Exchange | None = None,
    ) -> None:
        self.exchange = exchange
        self.result_code = result_code
        self.result_message = result_message or ""
        super().__init__(f"Alipay answered F {result_code}: {self.result_message}")


class NoVerdictError(AlipayError):
    """The call has no verdict yet: repeat it with the same id."""


class TrafficExceededError(NoVerdictError):
    """Alipay answered U REQUEST_TRAFFIC_EXCEED_LIMIT: repeat it, but slower."""


class UnprovenResponseError(NoVerdictError):
    """The response carries no signature that proves it to be Alipay's."""


class UnsendableError(AlipayError):
    """The request cannot be made or sent with our settings: a retry is useless."""


class SignatureVerificationError(AlipayError):
    """A message is not provably Alipay's; its content must not be believed."""


class MalformedNotificationError(AlipayError):
    """A properly signed message that is not one JSON object."""


class KeyFormatError(AlipayError):
    """A key's text is in none of the accepted forms; the text is never quoted."""


class MissingAlipayKeyError(AlipayError):
    """A public key that a workflow trusts is not among the configured ones.

    An ordinary exception: it fails the workflow task, and a worker that has the key
    continues the workflow.
    """


class WalletRuleError(AlipayError):
    """A payment breaks a rule of its wallet or currency; nothing was sent.

    Attributes:
        field: The invalid field, as the storefront spells it.
        rule: The rule in words.
        source: The publication of the rule, with its date.
    """

    def __init__(self, field: str, problem: str, *, rule: str, source: str) -> None:
        self.field = field
        self.rule = rule
        self.source = source
        super().__init__(f"{field}: {problem} ({rule}; {source})")
