"""A call that Alipay answers with the status F."""


class RefusedError(Exception):
    """The result status F with its code (docs/protocol.md 3.5)."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")

    def result(self) -> dict[str, str]:
        # Our choice: the message may quote the request, and a sentence is enough.
        return {
            "resultCode": self.code,
            "resultStatus": "F",
            "resultMessage": self.message[:256],
        }
