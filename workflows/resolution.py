"""The rules for what a person says when settling what only a person can settle."""

from temporalio.exceptions import ApplicationError


def check_names_and_reasons(*, by: str, reason: str) -> None:
    """Refuse a resolution without a name or a reason; both stay on record.

    Raises:
        ApplicationError: Names the field; nothing is written to history.
    """
    for field, value, rule in (
        ("by", by, "must say who decides"),
        ("reason", reason, "must say why"),
    ):
        if not value.strip():
            raise ApplicationError(f"{field}: {rule}", type="RESOLUTION_INCOMPLETE")
