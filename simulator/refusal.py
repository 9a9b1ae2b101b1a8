"""A call that Alipay answers with F."""


class RefusedError(Exception):
    """The verdict F, with one of the result codes of api.md 3.5."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")

    def result(self) -> dict[str, str]:
        # resultMessage holds 256 characters at most (api.md 2.1.3).
        return {
            "resultCode": self.code,
            "resultStatus": "F",
            "resultMessage": self.message[:256],
        }
