"""Settings of the operators' commands."""

from pydantic import Field

from settings.shared import PayloadSettings, ProbedSettings
from settings.urls import PageUrl
from workflows.resolution import LONGEST_NAME


class OperatorSettings(PayloadSettings):
    """Settings of operators; without payload keys only the list is readable."""

    reads_both = True

    ui_url: PageUrl = Field(
        default="http://127.0.0.1:8233",
        description="Where browsers find the Temporal UI; printed links lead to it",
    )
    operator: str = Field(
        default="",
        max_length=LONGEST_NAME,
        description="Who acts, where `--by` does not name somebody; kept in histories",
    )

    @property
    def may_write(self) -> bool:
        """Whether what we write is encrypted, or clear text is wanted everywhere."""
        return self.keyring is not None or self.clear_text


class ArchiverSettings(OperatorSettings, ProbedSettings):
    """Settings of the archiver; it reads histories as operators do."""
