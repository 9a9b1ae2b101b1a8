"""A call that Alipay answers with F."""


class RefusedError(Exception):
    """The verdict F with its result code (docs/protocol.md 3.5)."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")

    def result(self) -> dict[str, str]:
        # Our choice: it may quote the request, and nobody reads more than a sentence.
        return {
            "resultCode": self.code,
            "resultStatus": "F",
            "resultMessage": self.message[:256],
        }
